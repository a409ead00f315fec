/**
 * What answers for a file that is not there.
 *
 * @module
 */
import { safeSegments } from "../http/segments.ts";
import type { Fallback } from "./answer.ts";
import type { Candidate } from "./exports.ts";
import { type Guard, guardedFind } from "./guard.ts";
import type { Finding, LocatedFile } from "./locate.ts";
import type { Settings } from "./options.ts";
import { isEntry, type Source } from "./source.ts";

/** How many directories are asked for a page, however deep a path is. */
const DEEPEST = 16;

/** The file that answers, where it is, and how. */
export interface Miss {
  readonly candidate: Candidate;
  readonly file: LocatedFile;
  readonly fallback: Fallback;
}

const SPA: Fallback = { status: 200, cacheControl: "no-cache", vary: "accept, sec-fetch-mode" };
const NOT_FOUND: Fallback = { status: 404, cacheControl: "no-store" };

/**
 * Finds the page of a single-page app, or the nearest page for what is not there. Such an answer
 * never has the freshness or the validators of a file.
 *
 * @returns `undefined` when there is neither.
 */
export async function findMiss(
  request: Request,
  candidates: readonly Candidate[],
  { spa, notFoundPage, guard, finding }: Settings,
): Promise<Miss | undefined> {
  for (const candidate of candidates) {
    const { source, path } = candidate;
    if (spa && isNavigation(request, path)) {
      const file = await found(source, spa, guard);
      if (file) return { candidate, file, fallback: SPA };
    }
    const file = notFoundPage && await nearest(candidate, notFoundPage, guard, finding);
    if (file) return { candidate, file, fallback: NOT_FOUND };
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
  { source, path }: Candidate,
  name: string,
  guard: Guard,
  { colons }: Finding,
): Promise<LocatedFile | undefined> {
  // A path that no file can have is as missing as any other; its directories are not asked.
  const folders = safeSegments(path.slice(0, Math.max(path.lastIndexOf("/"), 0)), colons) ?? [];
  for (let depth = Math.min(folders.length, DEEPEST); depth >= 0; depth--) {
    const segments = [...folders.slice(0, depth), name];
    const file = guard(segments) === "allow" ? await found(source, segments, guard) : undefined;
    if (file) return file;
  }
  return undefined;
}

async function found(
  source: Source,
  segments: readonly string[],
  guard: Guard,
): Promise<LocatedFile | undefined> {
  const entry = await guardedFind(source, segments, guard);
  return isEntry(entry) ? { kind: "file", entry, segments } : undefined;
}
