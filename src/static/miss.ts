/**
 * What answers for a file that is not there.
 *
 * @module
 */
import { safeSegments } from "../http/segments.ts";
import type { Candidate } from "./exports.ts";
import type { Guard } from "./guard.ts";
import { typeOf, withCharset } from "./media_type.ts";
import type { Settings } from "./options.ts";
import type { Entry, Source } from "./source.ts";

/** How many directories are asked for a page, however deep a path is. */
const DEEPEST = 16;

/**
 * Answers with the page of a single-page app, or with the nearest page for what is not there. Such
 * an answer never has the freshness or the validators of a file.
 *
 * @returns `undefined` when there is neither.
 */
export async function answerMiss(
  request: Request,
  candidates: readonly Candidate[],
  settings: Settings,
): Promise<Response | undefined> {
  const { spa, notFoundPage, guard, answering: { fallbackMimetype } } = settings;
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  for (const { source, path } of candidates) {
    if (spa && isNavigation(request, path)) {
      const entry = await source.find(spa);
      if (typeof entry === "object") {
        return await page(request, entry, 200, fallbackMimetype, "accept, sec-fetch-mode");
      }
    }
    if (notFoundPage === undefined) continue;
    const entry = await nearest(source, path, notFoundPage, guard);
    if (entry) return await page(request, entry, 404, fallbackMimetype);
  }
  return undefined;
}

/**
 * Whether a person goes to a page, rather than a page asking for a part of it: a script that is not
 * there must not be answered with HTML.
 */
function isNavigation({ headers }: Request, path: string): boolean {
  const mode = headers.get("sec-fetch-mode");
  if (mode !== null) return mode === "navigate";
  const hasExtension = path.lastIndexOf(".") > path.lastIndexOf("/");
  return !hasExtension && /(?:^|[ ,])text\/html\b/i.test(headers.get("accept") ?? "");
}

/** Looks for the page in the directory of the path, then above it. */
async function nearest(
  source: Source,
  path: string,
  name: string,
  guard: Guard,
): Promise<Entry | undefined> {
  // A path that no file can have is as missing as any other; its directories are not asked.
  const folders = safeSegments(path.slice(0, Math.max(path.lastIndexOf("/"), 0))) ?? [];
  for (let depth = Math.min(folders.length, DEEPEST); depth >= 0; depth--) {
    const names = [...folders.slice(0, depth), name];
    const entry = guard(names) === "allow" ? await source.find(names) : undefined;
    if (typeof entry === "object") return entry;
  }
  return undefined;
}

async function page(
  request: Request,
  entry: Entry,
  status: number,
  fallbackMimetype: string,
  vary?: string,
): Promise<Response> {
  const headers = new Headers({
    "cache-control": "no-cache",
    "content-length": String(entry.size),
    "content-type": withCharset(entry.type ?? typeOf(entry.name) ?? fallbackMimetype),
    "x-content-type-options": "nosniff",
  });
  if (vary !== undefined) headers.set("vary", vary);
  if (request.method !== "HEAD") return new Response(await entry.open(), { status, headers });
  await entry.close();
  return new Response(null, { status, headers });
}
