/**
 * The middleware that serves files. Each request is answered in four phases: find the file, describe
 * its representation, respond to the request with it, and finish the response.
 *
 * @module
 */
import type { Middleware } from "../handler.ts";
import { readablePath } from "../http/path.ts";
import { mountAware, wrapping } from "../mount.ts";
import { Lookups } from "./access.ts";
import { selectCoding, selectCodingInMemory } from "./coding.ts";
import { describe, withHookValidators } from "./describe.ts";
import {
  candidatesFor,
  type Exported,
  type ExportNeeds,
  type Exports,
  readExports,
  type SameExportNeeds,
} from "./exports.ts";
import { findFallback, varyNotFound } from "./fallback.ts";
import { find, findInMemory } from "./find.ts";
import { finish, runHooks } from "./finish.ts";
import { planListing } from "./listing.ts";
import { methodPlan, redirectPlan, respond, textPlan } from "./respond.ts";
import { type Entry, SourceError } from "./source.ts";
import type { ServeStaticOptions } from "./static_options.ts";
import { readStaticOptions } from "./static_settings.ts";
import type {
  Candidate,
  Description,
  Fallback,
  FoundPath,
  Plan,
  Representation,
  StaticSettings,
  Subject,
} from "./types.ts";

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
  const table = readExports(exports, options);
  const badRequest = { subject: { path: "" }, plan: textPlan(400, "Bad Request") };
  return wrapping("serveStatic", (passOn) =>
    mountAware((request, mount, args) => {
      const candidates = isRead(request) || settings.methodNotAllowed
        ? candidatesFor(table, mount, args)
        : [];
      const [first] = candidates;
      if (!first) return passOn(request, mount, args);
      return serveFromMemory(request, first, settings) ??
        serve(request, candidates, settings, () => passOn(request, mount, args));
    }, (request) => complete(request, badRequest, settings)));
}

/** A planned response, and what to plan it again with. */
interface Answer {
  readonly subject: Subject;
  readonly plan: Plan;
  readonly description?: Description;
  readonly fallback?: Fallback | undefined;
}

/** Serves a file in memory without `await`, which would cost as much as all the rest. */
function serveFromMemory(
  request: Request,
  candidate: Candidate,
  settings: StaticSettings,
): Response | Promise<Response> | undefined {
  try {
    const file = isRead(request) ? findInMemory(candidate, settings) : undefined;
    const representation = file && selectCodingInMemory(request, candidate, file, settings);
    return representation &&
      complete(request, answerWith(request, representation, settings), settings);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** How often a file is looked up that changes before it is opened. */
const MAX_ATTEMPTS = 3;

/** Serves any other request, or passes it on. */
async function serve(
  request: Request,
  candidates: readonly Candidate[],
  settings: StaticSettings,
  passOn: () => Response | Promise<Response>,
): Promise<Response> {
  for (let attempt = 1;; attempt++) {
    const lookups = new Lookups(settings.access);
    let sent: Entry | undefined;
    try {
      const answer = await findAnswer(request, candidates, lookups, settings);
      if (!answer) break;
      const plan = withHooks(request, answer, settings);
      if (plan.open && request.method !== "HEAD") sent = answer.subject.entry;
      return await finish(request, answer.subject, plan, settings);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (error.status === 503 && attempt < MAX_ATTEMPTS) continue;
      const plan = textPlan(error.status, "The file cannot be delivered");
      return await complete(request, answerTo(candidates[0] as Candidate, plan), settings);
    } finally {
      await lookups.close(sent);
    }
  }
  const response = await passOn();
  return settings.spa && isRead(request) ? varyNotFound(response, candidates, settings) : response;
}

/** Finds the first file, redirect or listing of the exports, or the fallback, and plans the response. */
async function findAnswer(
  request: Request,
  candidates: readonly Candidate[],
  lookups: Lookups,
  settings: StaticSettings,
): Promise<Answer | undefined> {
  for (const candidate of candidates) {
    const found = await find(candidate, lookups, settings);
    if (!found) continue;
    if (found.kind === "denied") return answerTo(candidate, textPlan(403, "Forbidden"));
    if (!isRead(request)) {
      if (found.kind === "file") return answerTo(candidate, methodPlan(request), found);
    } else if (found.kind === "file") {
      const representation = await selectCoding(request, candidate, found, lookups, settings);
      return answerWith(request, representation, settings);
    } else if (found.kind === "redirect") {
      return answerTo(candidate, redirectPlan(candidate, found.respell));
    } else {
      return answerTo(candidate, await planListing(request, candidate, found, settings));
    }
  }
  if (!isRead(request) || !(settings.spa || settings.notFoundPage)) return undefined;
  const missing = await findFallback(request, candidates, lookups, settings);
  if (!missing) return undefined;
  const { candidate, file, fallback } = missing;
  const representation = await selectCoding(request, candidate, file, lookups, settings);
  return answerWith(request, representation, settings, fallback);
}

/** Answers with a file. */
function answerWith(
  request: Request,
  subject: Representation,
  settings: StaticSettings,
  fallback?: Fallback,
): Answer {
  const description = describe(request, subject, settings, fallback);
  const plan = respond(request, subject.entry, description, settings, fallback);
  return { subject, plan, description, fallback };
}

/** Answers without the content of a file. */
function answerTo(candidate: Candidate, plan: Plan, file?: FoundPath): Answer {
  if (!file) return { subject: { candidate, path: readablePath(candidate.path.slice(1)) }, plan };
  const { segments, entry } = file;
  return { subject: { candidate, path: segments.join("/") || entry.name, entry }, plan };
}

/** The planned response after its hooks. */
function withHooks(
  request: Request,
  { subject, plan, description, fallback }: Answer,
  settings: StaticSettings,
): Plan {
  const hooked = runHooks(request, subject, plan, settings.headers);
  const { validators } = hooked;
  const { entry } = subject;
  if (!entry || !description || !validators || validators === plan.validators) return hooked;
  // RFC 9110 §13.2.1: preconditions are about what is sent, so the validators of the hooks count.
  const changed = withHookValidators(description, validators);
  const other = respond(request, entry, changed, settings, fallback);
  return other.status === plan.status
    ? hooked
    : runHooks(request, subject, other, settings.headers);
}

function complete(
  request: Request,
  answer: Answer,
  settings: StaticSettings,
): Response | Promise<Response> {
  return finish(request, answer.subject, withHooks(request, answer, settings), settings);
}

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}
