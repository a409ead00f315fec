/**
 * Phase 3: plans the response for a file, by preconditions and ranges.
 *
 * @module
 */
import { evaluatePreconditions, ifRangeHolds } from "../http/preconditions.ts";
import { type ByteRange, readRanges } from "../http/ranges.ts";
import type { RawHeaders } from "../http/fields.ts";
import { gzip } from "./coding.ts";
import { ACCEPT_RANGES } from "./describe.ts";
import { NOSNIFF, without } from "./finish.ts";
import { multipart } from "./multipart.ts";
import type { Entry } from "./source.ts";
import type { Candidate, Description, Fallback, Plan, StaticSettings } from "./types.ts";

/** Plans the response to a GET or HEAD request with a file. */
export function respond(
  request: Request,
  entry: Entry,
  description: Description,
  { vary = "accept-encoding" }: StaticSettings,
  fallback: Fallback | undefined,
): Plan {
  const { coding, compressed, preconditions, validators, caching } = description;
  if (coding === undefined && !compressed) return textPlan(406, "Not Acceptable", ["vary", vary]);
  if (preconditions) {
    const { sha256 } = compressed ? {} as Partial<Entry> : entry;
    const outcome = evaluatePreconditions(request.method, request.headers, validators, Date.now());
    if (outcome === "failed") return { ...failure(412, caching), validators, sha256 };
    if (outcome !== "proceed") return { status: 304, fields: caching, validators, sha256 };
  }
  if (fallback || compressed) return whole(entry, description, fallback);
  return ranged(request, entry, description);
}

/** A body without ranges. The length of a body that is compressed while it is sent is unknown. */
function whole(
  entry: Entry,
  description: Description,
  fallback: Fallback | undefined,
): Plan {
  const { compressed, preconditions, validators, caching, metadata, cacheControl } = description;
  const fields = [...caching, ...metadata];
  return {
    status: fallback?.status ?? 200,
    fields,
    ...(compressed
      ? { open: async () => gzip(await entry.open()) }
      : { open: () => entry.open(), length: entry.size, sha256: entry.sha256 }),
    ...(fallback ? { cacheControl } : {}),
    ...(fallback && !preconditions ? {} : { validators }),
  };
}

/** The whole file, one range, or several (RFC 9110 §14). */
function ranged(request: Request, entry: Entry, description: Description): Plan {
  const { type, fields, caching, validators } = description;
  const { size, sha256 } = entry;
  const ranges = requestedRanges(request, size, description);
  if (ranges === "ignore") {
    return { status: 200, fields, length: size, open: () => entry.open(), validators, sha256 };
  }
  if (ranges === "unsatisfiable") {
    const plan = failure(416, [...caching, ...ACCEPT_RANGES, "content-range", `bytes */${size}`]);
    return { ...plan, validators, sha256 };
  }
  if (ranges.length === 1) {
    const [range] = ranges as readonly [ByteRange];
    return {
      status: 206,
      fields: [...fields, "content-range", `bytes ${range.start}-${range.end - 1}/${size}`],
      length: range.end - range.start,
      open: () => entry.open(range),
      validators,
      sha256,
    };
  }
  const parts = multipart(ranges, type, size, (range) => entry.open(range));
  return {
    status: 206,
    fields: [...without(fields, "content-type"), "content-type", parts.type],
    length: parts.length,
    open: () => parts.body,
    validators,
    sha256,
  };
}

/** RFC 9110 §14.2: only GET has ranges, and `If-Range` may turn them off. */
function requestedRanges(
  { method, headers }: Request,
  size: number,
  { validators }: Description,
): ReturnType<typeof readRanges> {
  const range = method === "GET" ? headers.get("range") : null;
  if (range === null) return "ignore";
  const ifRange = headers.get("if-range");
  return ifRange === null || ifRangeHolds(ifRange, validators, Date.now())
    ? readRanges(range, size)
    : "ignore";
}

/** The validators tell the client what has changed. */
function failure(status: number, fields: RawHeaders): Plan {
  return { status, fields: [...without(fields, "expires"), ...NOSNIFF], cacheControl: "no-store" };
}

/** Plans a response with a short text. */
export function textPlan(status: number, text: string, more: RawHeaders = []): Plan {
  const fields = ["content-type", "text/plain;charset=utf-8", ...NOSNIFF, ...more];
  return { status, fields, body: text, cacheControl: "no-store" };
}

/** RFC 9110 §15.5.6 and §9.3.7: files have two methods, and OPTIONS asks which. */
export function methodPlan({ method }: Request): Plan {
  const allow = ["allow", "GET, HEAD, OPTIONS"];
  return method === "OPTIONS"
    ? { status: 204, fields: [...allow, ...NOSNIFF] }
    : textPlan(405, "Method Not Allowed", allow);
}

/** A redirect relative to the last name of the path, which cannot leave the mount or the origin. */
export function redirectPlan({ mount }: Candidate, respell: (last: string) => string): Plan {
  const full = (mount.base + mount.canonical).replace(/\/$/, "");
  const location = respell(full.slice(full.lastIndexOf("/") + 1)) + mount.target.query;
  // Some hosts pass characters that the client did not escape, and headers must not contain them.
  const escaped = location.toWellFormed().replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
  return { status: 308, fields: ["location", escaped, ...NOSNIFF], cacheControl: "no-cache" };
}
