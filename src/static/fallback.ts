/**
 * The file that answers for a missing path: the page of a single-page app, or a 404 page.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { weightOfType } from "../http/negotiation.ts";
import { readablePath } from "../http/path.ts";
import { safeSegments } from "../http/safe_path.ts";
import type { Lookups } from "./access.ts";
import { glob } from "./globs.ts";
import { isEntry } from "./source.ts";
import type { Steps } from "./coroutine.ts";
import type {
  Candidate,
  Fallback,
  FoundPath,
  MediaTypeOf,
  SpaPage,
  StaticSettings,
} from "./types.ts";

/** The request headers that decide whether a request gets the page. */
const PAGE_VARY = "accept, sec-fetch-dest";
const SPA: Fallback = { status: 200, cacheControl: "no-cache", vary: PAGE_VARY };
const NOT_FOUND: Fallback = { status: 404, cacheControl: "no-store" };
/** The most directories in which a 404 page is looked up, for paths of any depth. */
const MAX_DEPTH = 16;

/** The file for a missing path, and how it answers. */
export interface FallbackFile {
  readonly candidate: Candidate;
  readonly file: FoundPath;
  readonly fallback: Fallback;
}

/** Finds the page of the single-page app, or the nearest 404 page. */
export function* findFallback(
  request: Request,
  candidates: readonly Candidate[],
  lookups: Lookups,
  { spa, notFoundPage, colons }: StaticSettings,
): Steps<FallbackFile | undefined> {
  for (const candidate of candidates) {
    const { source, path } = candidate;
    const isPage = spa?.answersFor(path) ?? false;
    if (spa && isPage && acceptsPage(request)) {
      const entry = yield* lookups.find(source, spa.names, "option");
      const file = { kind: "file", segments: spa.names } as const;
      if (isEntry(entry)) return { candidate, file: { ...file, entry }, fallback: SPA };
    }
    if (notFoundPage === undefined) continue;
    // A path that no file can have has no directories.
    const folders = safeSegments(path.slice(0, Math.max(path.lastIndexOf("/"), 0)), colons) ?? [];
    for (let depth = Math.min(folders.length, MAX_DEPTH); depth >= 0; depth--) {
      const segments = [...folders.slice(0, depth), notFoundPage];
      const entry = yield* lookups.find(source, segments);
      if (!isEntry(entry)) continue;
      const fallback = isPage ? { ...NOT_FOUND, vary: PAGE_VARY } : NOT_FOUND;
      return { candidate, file: { kind: "file", entry, segments }, fallback };
    }
  }
  return undefined;
}

/**
 * Adds `Vary` to a 404 of the wrapped handler if another request gets the page for this path. Other
 * responses are not stored by caches unless they say so themselves.
 */
export function varyNotFound(
  response: Response,
  candidates: readonly Candidate[],
  { spa }: StaticSettings,
): Response {
  if (response.status !== 404 || !candidates.some(({ path }) => spa?.answersFor(path))) {
    return response;
  }
  try {
    response.headers.append("vary", PAGE_VARY);
    return response;
  } catch { // the headers of a response of `fetch` are immutable
    const copy = new Response(response.body, response);
    copy.headers.append("vary", PAGE_VARY);
    return copy;
  }
}

/** Compiles the option `spaPaths`. */
export function spaRule(
  paths: string | readonly string[] | ((path: string) => boolean),
  mediaTypeOf: MediaTypeOf,
): SpaPage["answersFor"] {
  if (typeof paths === "function") {
    return (path) => requireSync("serveStatic: spaPaths", paths(readablePath(path.slice(1))));
  }
  const matchers = [paths].flat().map(glob);
  return (path) => {
    const below = readablePath(path.slice(1));
    const names = below.split("/");
    // A missing file, or a path that clients request by convention, for example `.well-known`.
    if (mediaTypeOf(names.at(-1) ?? "") !== undefined) return false;
    if (names.some((name) => name.startsWith("."))) return false;
    return below === "" || matchers.some((matches) => matches(below));
  };
}

/** The destinations that browsers display as a page. */
const DOCUMENTS = new Set(["document", "iframe", "frame", "fencedframe"]);

/** Whether a request is for a page, and not for a part of a page or for data. */
function acceptsPage({ headers }: Request): boolean {
  // A WebSocket handshake has no Accept either. With h2c, a client only offers HTTP/2.
  if (!/^(?:h2c)?$/i.test(headers.get("upgrade") ?? "")) return false;
  const accept = headers.get("accept");
  if (weightOfType(accept, "text/html") === 0) return false;
  const namesHtml = /(?:^|[ ,])text\/html\b/i.test(accept ?? "");
  const destination = headers.get("sec-fetch-dest");
  // A script that accepts any type has no use for a page.
  if (destination !== null && !DOCUMENTS.has(destination)) {
    return destination === "empty" && namesHtml;
  }
  const namesData = /(?:^|[ ,])application\/(?:[^\s,;/]+\+)?json\b/i.test(accept ?? "");
  return namesHtml || !namesData;
}
