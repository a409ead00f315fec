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
import { selectCoding } from "./coding.ts";
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
import { find } from "./find.ts";
import { finish, openBody, runHooks } from "./finish.ts";
import { planListing } from "./listing.ts";
import { methodPlan, redirectPlan, respond, textPlan } from "./respond.ts";
import { type Content, type Entry, SourceError } from "./source.ts";
import type { ServeStaticOptions } from "./static_options.ts";
import { readStaticOptions } from "./static_settings.ts";
import { isPromise, run, type Steps, wait } from "./coroutine.ts";
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
 * Serves files, and passes every other request on to the wrapped handler.
 *
 * An export maps a path prefix to a directory, a file, or a {@linkcode Source}. The first export that
 * has the file answers. Requests are passed on for methods other than GET and HEAD, for missing and
 * disallowed files, and for directories without an index.
 *
 * Names that begin with a dot are not served, except `.well-known` (RFC 8615). Paths whose decoded
 * names have separators, colons, control characters, device names of Windows or invalid UTF-8 lead to
 * no file.
 *
 * - 200 with `Content-Type`, `Content-Length`, `Last-Modified`, `ETag`, `Cache-Control`, `Expires`.
 * - 206 for one or several byte ranges (RFC 9110 §14), unless `If-Range` does not hold.
 * - 304 if the client has the file, by `If-None-Match` or `If-Modified-Since` (RFC 9110 §13).
 * - 308 to the right spelling of a directory, or of a name whose extension or index is hidden.
 * - 400 if the URL of the request has no valid host or path.
 * - 403 for names with a dot, and 405 for other methods, if the options say so.
 * - 404 with the nearest `notFoundPage`.
 * - 406 if the client accepts no available coding (RFC 9110 §12.5.3).
 * - 412 if `If-Match` or `If-Unmodified-Since` does not hold.
 * - 416 if no requested range is in the file.
 * - 502 and 504 if a {@linkcode remote} origin fails or is late, and 503 if a file changes each time
 *   before it is opened.
 *
 * All of them except 304 have `X-Content-Type-Options: nosniff`. The `headers` option can change all.
 *
 * @param exports One export for every path, for example `"./public"`; or a map from path prefixes to
 * exports, or a list of pairs.
 * @param options See {@linkcode ServeStaticOptions}.
 * @returns A middleware.
 * @throws {TypeError} When a prefix is not a path, an exported file or directory does not exist, or
 * an option has a wrong value.
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
  const table = readExports(exports, settings);
  const badRequest = textPlan(400, "Bad Request");
  return wrapping("serveStatic", (passOn) =>
    mountAware((request, mount, args) => {
      const candidates = isRead(request) || settings.methodNotAllowed
        ? candidatesFor(table, mount, args)
        : [];
      if (candidates.length === 0) return passOn(request, mount, args);
      return run(serve(request, candidates, settings, () => passOn(request, mount, args)));
    }, (request) => finishText(request, { path: "" }, badRequest, settings)));
}

/** A planned response, and what to plan it again with. */
interface Answer {
  readonly subject: Subject;
  readonly plan: Plan;
  readonly description?: Description;
  readonly fallback?: Fallback | undefined;
}

/** How often a file is looked up that changes before it is opened. */
const MAX_ATTEMPTS = 3;

/** Serves a request, or passes it on. */
function* serve(
  request: Request,
  candidates: readonly Candidate[],
  settings: StaticSettings,
  passOn: () => Response | Promise<Response>,
): Steps<Response | Promise<Response>> {
  for (let attempt = 1;; attempt++) {
    const lookups = new Lookups(settings.access);
    let sent: Entry | undefined;
    try {
      const answer = yield* findAnswer(request, candidates, lookups, settings);
      if (!answer) break;
      const plan = withHooks(request, answer, settings);
      if (plan.open && request.method !== "HEAD") sent = answer.subject.entry;
      const opened = openBody(request, plan);
      const body = isPromise(opened) ? (yield opened) as Content : opened;
      return finish(request, answer.subject, plan, body, settings);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (error.status === 503 && attempt < MAX_ATTEMPTS) continue;
      const text = textPlan(error.status, "The file cannot be delivered");
      const { subject } = answerTo(candidates[0] as Candidate, text);
      return finishText(request, subject, text, settings);
    } finally {
      for (const entry of lookups.held) if (entry !== sent) yield* wait(entry.close?.());
    }
  }
  if (!settings.spa || !isRead(request)) return passOn();
  return varyNotFound(yield* wait(passOn()), candidates, settings);
}

/** Finds the first file, redirect or listing of the exports, or the fallback, and plans the response. */
function* findAnswer(
  request: Request,
  candidates: readonly Candidate[],
  lookups: Lookups,
  settings: StaticSettings,
): Steps<Answer | undefined> {
  for (const candidate of candidates) {
    const found = yield* find(candidate, lookups, settings);
    if (!found) continue;
    if (found.kind === "denied") return answerTo(candidate, textPlan(403, "Forbidden"));
    if (!isRead(request)) {
      if (found.kind === "file") return answerTo(candidate, methodPlan(request), found);
    } else if (found.kind === "file") {
      const representation = yield* selectCoding(request, candidate, found, lookups, settings);
      return answerWith(request, representation, settings);
    } else if (found.kind === "redirect") {
      return answerTo(candidate, redirectPlan(candidate, found.respell));
    } else {
      return answerTo(candidate, yield* wait(planListing(request, candidate, found, settings)));
    }
  }
  if (!isRead(request) || !(settings.spa || settings.notFoundPage)) return undefined;
  const missing = yield* findFallback(request, candidates, lookups, settings);
  if (!missing) return undefined;
  const { candidate, file, fallback } = missing;
  const representation = yield* selectCoding(request, candidate, file, lookups, settings);
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

/** Makes a response with a text. */
function finishText(
  request: Request,
  subject: Subject,
  text: Plan,
  settings: StaticSettings,
): Response {
  const plan = runHooks(request, subject, text, settings.headers);
  const body = request.method === "HEAD" ? null : plan.body ?? null;
  return finish(request, subject, plan, body, settings);
}

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}
