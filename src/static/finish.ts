/**
 * Phase 4: makes every response of `serveStatic`. The `headers` functions change it, its body is
 * opened, and `onServe` is called.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { parseDate } from "../http/date.ts";
import type { Validators } from "../http/preconditions.ts";
import { nativeRequest } from "../host/host_request.ts";
import { appendHeaders, makeResponse } from "../host/make_response.ts";
import type { RawHeaders } from "../http/fields.ts";
import { respondZeroCopy } from "../platform/current.ts";
import { exportBase } from "./exports.ts";
import type { Content } from "./source.ts";
import type { Plan, Served, StaticSettings, Subject } from "./types.ts";

/** Browsers must not guess the type, for example take text for a script. */
export const NOSNIFF: RawHeaders = ["x-content-type-options", "nosniff"];

/** Runs the `headers` functions. The plan that comes out has their headers and validators. */
export function runHooks(
  request: Request,
  { candidate, path }: Subject,
  plan: Plan,
  hooks: StaticSettings["headers"],
): Plan {
  const { status, length, sha256, validators } = plan;
  if (hooks.length === 0) return pinned(plan, plan.fields);
  const headers = appendHeaders(new Headers(), plan.fields);
  if (length !== undefined) headers.set("content-length", String(length));
  const base = candidate ? exportBase(candidate) : "";
  const serving = { request: nativeRequest(request), status, base, sha256 };
  for (const hook of hooks) requireSync("serveStatic: headers", hook(path, headers, serving));
  // The length is that of the body, whatever a hook sets.
  headers.delete("content-length");
  const own = validators && validatorsOf(headers, status, validators);
  return pinned({ ...plan, validators: own }, [...headers].flat());
}

/** Opens the body of a response. */
export function openBody(
  request: Request,
  { open, body }: Plan,
): Content | string | null | Promise<Content> {
  return request.method === "HEAD" ? null : open ? open() : body ?? null;
}

/** Makes the response. */
export function finish(
  request: Request,
  { path, entry }: Subject,
  plan: Plan,
  body: Content | string | null,
  { onServe }: StaticSettings,
): Response {
  const inMemory = entry?.inMemory ?? false;
  const respond = inMemory ? respondZeroCopy : makeResponse;
  const response = respond(request, body, plan);
  onServe?.(servedBy(request, response, path, inMemory));
  return response;
}

/** Applies the policy of the plan, which no hook can change. */
function pinned(plan: Plan, fields: RawHeaders): Plan {
  const { cacheControl } = plan;
  if (cacheControl === undefined) return fields === plan.fields ? plan : { ...plan, fields };
  return { ...plan, fields: ["cache-control", cacheControl, ...without(fields, "cache-control")] };
}

/**
 * The validators in the headers of a response: the planned ones if no hook changed them. A 304 or an
 * error has no time if it has a tag.
 */
function validatorsOf(headers: Headers, status: number, planned: Validators): Validators {
  const etag = headers.get("etag") ?? undefined;
  const field = headers.get("last-modified");
  const time = field === null
    ? status < 300 ? undefined : planned.lastModified
    : parseDate(field, Date.now());
  // Headers have no fractions of a second.
  const isSame = time !== undefined && planned.lastModified !== undefined &&
    Math.floor(time / 1000) === Math.floor(planned.lastModified / 1000);
  const lastModified = isSame ? planned.lastModified : time;
  return etag === planned.etag && lastModified === planned.lastModified
    ? planned
    : { etag, lastModified };
}

/** The responses without a body. Another body without a known length is compressed. */
const EMPTY = new Set([204, 304, 308, 412, 416]);

/** What `onServe` is called with. */
function servedBy(
  request: Request,
  { status, headers }: Response,
  path: string,
  inMemory: boolean,
): Served {
  const length = headers.get("content-length");
  // Not `body === null`: the host would have to make a stream of the body.
  const isEmpty = request.method === "HEAD" || EMPTY.has(status);
  return {
    request: nativeRequest(request),
    status,
    path,
    bytes: isEmpty ? 0 : length === null ? undefined : Number(length),
    coding: headers.get("content-encoding") ?? "identity",
    range: headers.get("content-range") ?? (status === 206 ? "multipart" : undefined),
    inMemory,
  };
}

/** A header list without the headers of one name. */
export function without(fields: RawHeaders, name: string): RawHeaders {
  return fields.filter((_, at) => fields[at - at % 2] !== name);
}
