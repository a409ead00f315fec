/**
 * The middleware that serves files.
 *
 * @module
 */
import type { Middleware } from "../handler.ts";
import { safeSegments } from "../http/segments.ts";
import { textResponse } from "../http/text.ts";
import { entrance, type Place, placed } from "../mount.ts";
import { answerFile, type Representation } from "./answer.ts";
import {
  type Candidate,
  candidatesFor,
  type Exported,
  type ExportNeeds,
  type Exports,
  readExports,
} from "./exports.ts";
import { locate, type LocatedFile } from "./locate.ts";
import { listingResponse } from "./listing.ts";
import { answerMiss } from "./miss.ts";
import { readOptions, type ServeStaticOptions, type Settings } from "./options.ts";
import type { Source } from "./source.ts";
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
export function serveStatic<E extends Exported = never>(
  exports: Exports<E>,
  options: ServeStaticOptions = {},
): Middleware<ExportNeeds<E>> {
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

async function answer(
  request: Request,
  place: Place,
  candidates: readonly Candidate[],
  settings: Settings,
): Promise<Response | undefined> {
  for (const { source, path } of candidates) {
    const located = await locate(source, path, settings.guard, settings.finding);
    if (located?.kind === "file") return await answerLocated(request, source, located, settings);
    if (located?.kind === "denied") return textResponse(request, 403, "Forbidden");
    if (!isRead(request)) continue;
    if (located?.kind === "redirect") return redirect(place, located.respell);
    if (located?.kind !== "directory" || !settings.listing || !source.list) continue;
    // Its links are relative to the directory, so the slash has to be there.
    if (!located.slash) return redirect(place, (last) => `./${last}/`);
    const { segments } = located;
    const entries = (await source.list(segments)).filter(({ name }) =>
      safeSegments(`/${encodeURIComponent(name)}`) &&
      settings.guard([...segments, name]) === "allow"
    );
    const query = new URLSearchParams(place.target.query);
    const seen = readable(place.base + place.canonical);
    return listingResponse(request, seen, entries, query, segments.length === 0);
  }
  return await answerMiss(request, candidates, settings);
}

async function answerLocated(
  request: Request,
  source: Source,
  file: LocatedFile,
  { answering, codings, guard }: Settings,
): Promise<Response> {
  if (!isRead(request)) {
    await file.entry.close();
    const allow = { allow: "GET, HEAD, OPTIONS" };
    return request.method === "OPTIONS"
      ? new Response(null, { status: 204, headers: allow })
      : textResponse(request, 405, "Method Not Allowed", allow);
  }
  const accepted = request.headers.get("accept-encoding");
  const { name } = file.entry;
  const variant = await selectVariant(file, source, guard, accepted, codings);
  if (!variant) return textResponse(request, 406, "Not Acceptable", { vary: "accept-encoding" });
  const { entry, coding } = variant;
  const names = coding === "identity" ? file.segments : [...file.segments.slice(0, -1), entry.name];
  const representation: Representation = {
    entry,
    coding,
    name,
    path: file.segments.join("/") || name,
    reopen: async (range) => {
      const again = await source.find(names);
      if (typeof again !== "object") throw new Error("the file has gone");
      if (again.size === entry.size && again.lastModified === entry.lastModified) {
        return await again.open(range);
      }
      await again.close();
      throw new Error("the file has changed");
    },
  };
  try {
    return await answerFile(request, representation, answering);
  } catch (error) {
    await entry.close(); // a function of the options may have thrown
    throw error;
  }
}

/** A path for people; the base may hold escapes that are no text. */
function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
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
