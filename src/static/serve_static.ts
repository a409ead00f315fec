/**
 * The middleware that serves files.
 *
 * @module
 */
import type { Middleware } from "../handler.ts";
import { mountAware, type MountState, wrapping } from "../mount.ts";
import {
  candidatesFor,
  type ExportCandidate,
  type Exported,
  type ExportNeeds,
  type Exports,
  readExports,
  type SameExportNeeds,
} from "./exports.ts";
import { finish, type FinishContext, textPlan } from "./finish.ts";
import { varyFallback } from "./fallback.ts";
import {
  readStaticOptions,
  type ServeStaticOptions,
  type StaticSettings,
} from "./static_options.ts";
import { about, isRead, serveFrom } from "./phases.ts";
import { andThen, isPromise, type MaybePromise } from "./soon.ts";
import { SourceError } from "./source_error.ts";

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
 * - 502 and 504 when a {@linkcode remote} origin fails or is late, 503 when a file changes each time
 *   before it is opened.
 *
 * All of them but 304 have `X-Content-Type-Options: nosniff`, and the `headers` option sees them all.
 *
 * @param exports A map, or a list of pairs when the order is to be seen; or what to export for every
 * path: `"./public"`.
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
export function serveStatic<const X extends Exports<Exported> | Exported>(
  exports: X & SameExportNeeds<X>,
  options: ServeStaticOptions = {},
): Middleware<ExportNeeds<X>> {
  const settings = readStaticOptions(options);
  const table = readExports(exports, settings.directories);
  const refuse = (request: Request): MaybePromise<Response> =>
    finish(request, NO_PATH, settings.finishing);
  return wrapping("serveStatic", (passOn) =>
    mountAware((request, mount, args) => {
      const candidates = isRead(request) || settings.methodNotAllowed
        ? candidatesFor(table, mount.canonical, args)
        : [];
      if (candidates.length === 0) return passOn(request, mount, args);
      return andThen(
        answer(request, mount, candidates, settings),
        (response) => {
          const passed = response ?? passOn(request, mount, args);
          return response || !settings.spa || !isRead(request)
            ? passed
            : andThen(passed, (missed) => varyFallback(missed, candidates, settings));
        },
      );
    }, refuse));
}

/** Of a request whose URL has no valid host or path. */
const NO_PATH: FinishContext = { plan: textPlan(400, "Bad Request"), path: "", base: () => "" };

/** How often a file is looked up that changes each time before it is opened. */
const ATTEMPTS = 3;

function answer(
  request: Request,
  mount: MountState,
  candidates: readonly ExportCandidate[],
  settings: StaticSettings,
  attempt = 1,
): MaybePromise<Response | undefined> {
  const { finishing } = settings;
  const failed = async (error: unknown): Promise<Response | undefined> => {
    const [candidate] = candidates;
    if (!(error instanceof SourceError) || !candidate) throw error;
    if (error.status === 503 && attempt < ATTEMPTS) {
      return await answer(request, mount, candidates, settings, attempt + 1);
    }
    const plan = textPlan(error.status, "The file cannot be delivered");
    return await finish(request, about(mount, candidate, plan), finishing);
  };
  try {
    const response = andThen(
      serveFrom(request, mount, candidates, settings),
      (answer) => answer && finish(request, answer, finishing),
    );
    return isPromise(response) ? response.catch(failed) : response;
  } catch (error) {
    return failed(error);
  }
}
