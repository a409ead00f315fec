/**
 * What answers for a file that is not there.
 *
 * @module
 */
import { safeSegments } from "../http/safe_path.ts";
import type { Fallback } from "./respond.ts";
import type { ExportCandidate } from "./exports.ts";
import { type Access, findAllowed } from "./access.ts";
import type { Finding, LocatedFile } from "./find.ts";
import type { StaticSettings } from "./static_options.ts";
import { PAGE_VARY, takesPage } from "./page.ts";
import { isEntry, type Source } from "./source.ts";

/** How many directories are asked for a page, however deep a path is. */
const DEEPEST = 16;

/** The file that answers, where it is, and how. */
export interface FallbackResult {
  readonly candidate: ExportCandidate;
  readonly file: LocatedFile;
  readonly fallback: Fallback;
}

const SPA: Fallback = { status: 200, cacheControl: "no-cache", vary: PAGE_VARY };
const NOT_FOUND: Fallback = { status: 404, cacheControl: "no-store" };

/**
 * Finds the page of a single-page app, or the nearest page for what is not there. Neither has the
 * freshness of a file.
 *
 * @returns `undefined` when there is neither.
 */
export async function findFallback(
  request: Request,
  candidates: readonly ExportCandidate[],
  { spa, notFoundPage, access: guard, finding }: StaticSettings,
): Promise<FallbackResult | undefined> {
  for (const candidate of candidates) {
    const { source, path } = candidate;
    const isPage = spa !== undefined && spa.answersFor(path);
    if (isPage && takesPage(request)) {
      const file = await found(source, spa.names, guard);
      if (file) return { candidate, file, fallback: SPA };
    }
    const file = notFoundPage && await nearest(candidate, notFoundPage, guard, finding);
    if (file) {
      return { candidate, file, fallback: isPage ? { ...NOT_FOUND, vary: PAGE_VARY } : NOT_FOUND };
    }
  }
  return undefined;
}

/**
 * What somebody else answers where another request gets the page: a cache must not mix up the two.
 * Only a 404 is marked, which caches keep without being told.
 */
export function varyFallback(
  response: Response,
  candidates: readonly ExportCandidate[],
  { spa }: StaticSettings,
): Response {
  if (response.status !== 404 || !candidates.some(({ path }) => spa?.answersFor(path))) {
    return response;
  }
  try {
    response.headers.append("vary", PAGE_VARY);
    return response;
  } catch { // the headers of what was fetched cannot be changed
    const copy = new Response(response.body, response);
    copy.headers.append("vary", PAGE_VARY);
    return copy;
  }
}

/** Looks for the page in the directory of the path, then above it. */
async function nearest(
  { source, path }: ExportCandidate,
  name: string,
  guard: Access,
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
  guard: Access,
): Promise<LocatedFile | undefined> {
  const entry = await findAllowed(source, segments, guard);
  return isEntry(entry) ? { kind: "file", entry, segments } : undefined;
}
