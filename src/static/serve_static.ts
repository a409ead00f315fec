/**
 * The middleware that serves files.
 *
 * @module
 */
import type { Middleware } from "../handler.ts";
import { canonicalPath } from "../http/path.ts";
import { safeSegments } from "../http/segments.ts";
import { textResponse } from "../http/text.ts";
import { entrance, type Place, placed } from "../mount.ts";
import { answerFile, type Fallback } from "./answer.ts";
import type { Representation } from "./describe.ts";
import {
  type Candidate,
  candidatesFor,
  type Exported,
  type ExportNeeds,
  type Exports,
  readExports,
} from "./exports.ts";
import type { Guard } from "./guard.ts";
import { servedBy } from "./hooks.ts";
import { listingResponse } from "./listing.ts";
import { locate, type LocatedFile } from "./locate.ts";
import { findMiss } from "./miss.ts";
import { readOptions, type ServeStaticOptions, type Settings } from "./options.ts";
import { MOST_LISTED, type Source } from "./source.ts";
import { SourceError } from "./source_error.ts";
import { selectVariant } from "./variants.ts";

/**
 * Serves files, and hands every other request to the wrapped handler.
 *
 * An export maps a prefix of the path to a directory, to one file, or to a {@linkcode Source}. The
 * first export that has the file answers. A request that no export has an answer for is passed on:
 * another method than GET and HEAD, a file that is missing or disallowed, a directory without index.
 *
 * Names that start with a dot are not served, except `.well-known` (RFC 8615). A path whose decoded
 * names hold separators, colons, controls, device names of Windows or bytes that are no UTF-8
 * reaches no file.
 *
 * - 200 with `Content-Type`, `Content-Length`, `Last-Modified`, `ETag`, `Cache-Control`, `Expires`.
 * - 206 for one or several ranges of bytes (RFC 9110 §14), unless `If-Range` does not hold.
 * - 304 when `If-None-Match` or `If-Modified-Since` says that the client has it (RFC 9110 §13).
 * - 308 to the right spelling of a directory, or of a name whose extension is hidden.
 * - 400 when the URL of the request has no valid host or path.
 * - 403 for names with a dot, and 405 for other methods, where the options say so.
 * - 404 with the nearest `notFoundPage`.
 * - 502 and 504 when a {@linkcode remote} origin fails or is late, 503 when a file changes each time
 *   before it is opened.
 * - 406 when the client refuses every coding that there is (RFC 9110 §12.5.3).
 * - 412 when `If-Match` or `If-Unmodified-Since` does not hold.
 * - 416 when there is nothing in the ranges that were asked for.
 *
 * @param exports A map, or a list of pairs when the order is to be seen.
 * @param options See {@linkcode ServeStaticOptions}.
 * @returns A middleware.
 * @throws {TypeError} When a prefix is no path, an exported file or directory does not exist, or an
 * option has a wrong value.
 *
 * @example
 * ```ts
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 *
 * const app = serveStatic({ "/shared": "./src" }, { disallow: "*.json" })(notFound);
 * const response = await app(new Request("http://localhost/shared/mod.ts"));
 * console.log(response.headers.get("cache-control")); // public, max-age=43200
 * ```
 */
export function serveStatic<const X extends Exports<Exported>>(
  exports: X,
  options: ServeStaticOptions = {},
): Middleware<ExportNeeds<X>> {
  const settings = readOptions(options);
  const table = readExports(exports, settings.directories);
  return (inner) => {
    const passOn = entrance(inner);
    return placed((request, place, args) => {
      const candidates = isRead(request) || settings.refuseMethods
        ? candidatesFor(table, place.canonical, args)
        : [];
      if (candidates.length === 0) return passOn(request, place, args);
      return answer(request, place, candidates, settings)
        .then((response) => response ?? passOn(request, place, args));
    });
  };
}

/** How often a file is looked up that changes each time before it is opened. */
const ATTEMPTS = 3;

async function answer(
  request: Request,
  place: Place,
  candidates: readonly Candidate[],
  settings: Settings,
): Promise<Response | undefined> {
  for (let attempt = 1;; attempt++) {
    try {
      const answered = await find(request, place, candidates, settings);
      return answered && await reported(request, answered, settings);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (error.status === 503 && attempt < ATTEMPTS) continue;
      const fields = { "cache-control": "no-store" };
      const response = textResponse(request, error.status, "The file cannot be delivered", fields);
      return await reported(
        request,
        { response, path: below(candidates[0]?.path ?? "") },
        settings,
      );
    }
  }
}

/** An answer, and what there is to tell of it. */
interface Answered {
  readonly response: Response;
  readonly path: string;
  readonly inMemory?: boolean | undefined;
}

async function reported(
  request: Request,
  { response, path, inMemory = false }: Answered,
  { onServe }: Settings,
): Promise<Response> {
  try {
    onServe?.(servedBy(request, response, path, inMemory));
    return response;
  } catch (error) {
    await response.body?.cancel(); // lets go of the file
    throw error;
  }
}

async function find(
  request: Request,
  place: Place,
  candidates: readonly Candidate[],
  settings: Settings,
): Promise<Answered | undefined> {
  for (const candidate of candidates) {
    const { source, path } = candidate;
    const located = await locate(source, path, settings.guard, settings.finding);
    if (located?.kind === "file") {
      return await (isRead(request)
        ? answerLocated(request, place, candidate, located, settings)
        : refuse(request, located));
    }
    if (located?.kind === "denied") {
      return { response: textResponse(request, 403, "Forbidden"), path: below(path) };
    }
    if (!isRead(request)) continue;
    if (located?.kind === "redirect") {
      return { response: redirect(place, located.respell), path: below(path) };
    }
    if (located?.kind !== "directory" || !settings.listing || !source.list) continue;
    const response = located.slash
      ? await list(request, place, source.list(located.segments), located.segments, settings.guard)
      // The links of a listing are relative to the directory, so the slash has to be there.
      : redirect(place, (last) => `./${last}/`);
    return { response, path: below(path) };
  }
  const miss = isRead(request) ? await findMiss(request, candidates, settings) : undefined;
  return miss &&
    await answerLocated(request, place, miss.candidate, miss.file, settings, miss.fallback);
}

async function list(
  request: Request,
  place: Place,
  listed: ReturnType<NonNullable<Source["list"]>>,
  segments: readonly string[],
  guard: Guard,
): Promise<Response> {
  const all = await listed;
  const entries = all.slice(0, MOST_LISTED).filter(({ name }) =>
    name.isWellFormed() && safeSegments(`/${encodeURIComponent(name)}`) &&
    guard([...segments, name]) === "allow"
  );
  return listingResponse(request, {
    path: readable(place.base + place.canonical),
    entries,
    query: new URLSearchParams(place.target.query),
    depth: segments.length,
    more: all.length > MOST_LISTED,
  });
}

async function answerLocated(
  request: Request,
  place: Place,
  { source, path }: Candidate,
  file: LocatedFile,
  { answering, codings, dictionaries, guard }: Settings,
  fallback?: Fallback,
): Promise<Answered> {
  const accepted = request.headers.get("accept-encoding");
  const stored = dictionaries ? [...dictionaries.stored(request.headers), ...codings] : codings;
  const { entry, coding } = await selectVariant(file, source, guard, accepted, stored);
  const { name } = file.entry;
  const representation: Representation = {
    entry,
    coding,
    name,
    path: file.segments.join("/") || name,
    base: (canonicalPath(place.base) ?? "") +
      place.canonical.slice(0, place.canonical.length - path.length),
  };
  return {
    response: await answerFile(request, representation, answering, fallback),
    path: representation.path,
    inMemory: entry.inMemory,
  };
}

/** RFC 9110 §15.5.6 and §9.3.7: a method that files do not have, or a question for those they have. */
async function refuse(request: Request, { entry, segments }: LocatedFile): Promise<Answered> {
  await entry.close?.();
  const allow = { allow: "GET, HEAD, OPTIONS" };
  const response = request.method === "OPTIONS"
    ? new Response(null, { status: 204, headers: allow })
    : textResponse(request, 405, "Method Not Allowed", allow);
  return { response, path: segments.join("/") || entry.name };
}

/** A path for people, and for logs; the base may hold escapes that are no text. */
function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The path below an export, for logs. */
function below(path: string): string {
  return readable(path.slice(1));
}

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/** A redirect relative to the last name of the path, so that it stays below the mount and at home. */
function redirect(place: Place, respell: (last: string) => string): Response {
  const full = (place.base + place.canonical).replace(/\/$/, "");
  const location = respell(full.slice(full.lastIndexOf("/") + 1)) + place.target.query;
  // Some hosts hand over what a client has not escaped, and fields hold no such characters.
  const escaped = location.toWellFormed().replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
  const headers = { location: escaped, "cache-control": "no-cache" };
  return new Response(null, { status: 308, headers });
}
