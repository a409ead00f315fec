/**
 * The response for a file that was found.
 *
 * @module
 */
import { evaluatePreconditions, ifRangeHolds } from "../http/preconditions.ts";
import { type ByteRange, readRanges } from "../http/ranges.ts";
import { nativeRequest } from "../http/received.ts";
import { textResponse } from "../http/text.ts";
import type { CacheFields, CacheRule } from "./cache.ts";
import { compressed, compresses } from "./compress.ts";
import { describe, type Describing, type Description, type Representation } from "./describe.ts";
import type { HeadersHook } from "./hooks.ts";
import { typeOf, withCharset } from "./media_type.ts";
import { multipart } from "./multipart.ts";
import type { Content, Entry } from "./source.ts";

/** How files are answered. */
export interface Answering extends Describing {
  readonly cache: CacheRule;
  readonly fallbackMimetype: string;
  readonly hooks: readonly HeadersHook[];
  /** Whether files that are not stored compressed are compressed. */
  readonly compress: boolean;
}

/** A file that answers for what is not there: never fresh, never validated, never in parts. */
export interface Fallback {
  readonly status: 200 | 404;
  readonly cacheControl: string;
  /** The fields of requests that decided, besides those about the coding. */
  readonly vary?: string;
}

/** An answer before anything is opened. */
interface Plan {
  readonly status: number;
  readonly headers: Headers;
  /** The content; there is none without it. */
  readonly open?: () => Content | Promise<Content>;
  /** A policy that no hook changes: what went wrong, or is not there, is never cached as a file is. */
  readonly cacheControl?: string;
}

/** Answers a GET or HEAD request with a representation, and opens or closes its entry. */
export async function answerFile(
  request: Request,
  representation: Representation,
  answering: Answering,
  fallback?: Fallback,
): Promise<Response> {
  const { entry, coding = "identity", path, base, name } = representation;
  let close: Entry["close"] = () => entry.close?.();
  try {
    const type = withCharset(entry.type ?? typeOf(name) ?? answering.fallbackMimetype);
    const policy: CacheFields = fallback
      ? { cacheControl: fallback.cacheControl, validators: false }
      : answering.cache(path, type);
    const made = answering.compress && coding === "identity" &&
      compresses(request, type, entry.size, policy.cacheControl);
    if (representation.coding === undefined && !made) return notAcceptable(request, answering);
    const sent = { name: made ? "gzip" : coding, made };
    const described = describe(representation, sent, type, policy, answering, Date.now());
    const { status, headers, open, cacheControl } =
      (policy.validators ? judged(request, described) : undefined) ??
        (fallback || made
          ? whole(entry, made, described, fallback)
          : ranged(request, entry, type, described));
    const sha256 = made ? undefined : entry.sha256;
    for (const hook of answering.hooks) {
      hook(path, headers, { request: nativeRequest(request), status, base, sha256 });
    }
    if (cacheControl !== undefined) headers.set("cache-control", cacheControl);
    // Workers would encode again what its fields call encoded.
    const init: ResponseInit & { encodeBody?: "manual" } = { status, headers };
    if (headers.has("content-encoding")) init.encodeBody = "manual";
    if (!open || request.method === "HEAD") return new Response(null, init);
    close = undefined;
    return new Response(await open(), init);
  } finally {
    await close?.();
  }
}

/** The answer when a precondition decides (RFC 9110 §13). */
function judged(
  { method, headers }: Request,
  { validators, guides }: Description,
): Plan | undefined {
  const outcome = evaluatePreconditions(method, headers, validators);
  if (outcome === "failed") return failure(412, guides);
  return outcome === "proceed" ? undefined : { status: 304, headers: new Headers(guides) };
}

/** The whole, one range, or several (RFC 9110 §14). */
function ranged(
  request: Request,
  entry: Entry,
  type: string,
  { validators, guides, metadata }: Description,
): Plan {
  const { size } = entry;
  const ranges = askedRanges(request, size, validators);
  const unit: [string, string] = ["accept-ranges", "bytes"];
  if (ranges === "unsatisfiable") {
    return failure(416, [...guides, unit, ["content-range", `bytes */${size}`]]);
  }
  const headers = new Headers([...guides, ...metadata, unit]);
  if (ranges === "ignore") {
    headers.set("content-length", String(size));
    return { status: 200, headers, open: () => entry.open() };
  }
  if (ranges.length === 1) {
    const [range] = ranges as readonly [ByteRange];
    headers.set("content-range", `bytes ${range.start}-${range.end - 1}/${size}`);
    headers.set("content-length", String(range.end - range.start));
    return { status: 206, headers, open: () => entry.open(range) };
  }
  const parts = multipart(ranges, type, size, (range) => entry.open(range));
  headers.set("content-type", parts.type);
  headers.set("content-length", String(parts.length));
  return { status: 206, headers, open: () => parts.body };
}

/** RFC 9110 §14.2: ranges are for GET alone, and `If-Range` may forbid them. */
function askedRanges(
  { method, headers }: Request,
  size: number,
  validators: Description["validators"],
): ReturnType<typeof readRanges> {
  const range = method === "GET" ? headers.get("range") : null;
  if (range === null) return "ignore";
  const ifRange = headers.get("if-range");
  return ifRange === null || ifRangeHolds(ifRange, validators, Date.now())
    ? readRanges(range, size)
    : "ignore";
}

/** What has no ranges: a file that is compressed on the way, and how long that will be, nobody knows. */
function whole(
  entry: Entry,
  made: boolean,
  { guides, metadata }: Description,
  fallback: Fallback | undefined,
): Plan {
  const headers = new Headers([...guides, ...metadata]);
  const open = async (): Promise<Content> =>
    made ? compressed(await entry.open()) : await entry.open();
  if (!made) headers.set("content-length", String(entry.size));
  if (!fallback) return { status: 200, headers, open };
  headers.delete("last-modified");
  if (fallback.vary !== undefined) headers.append("vary", fallback.vary);
  return { status: fallback.status, headers, open, cacheControl: fallback.cacheControl };
}

/** The validators tell the client what it has missed. */
function failure(status: number, fields: readonly [string, string][]): Plan {
  const headers = new Headers(fields.filter(([name]) => name !== "expires"));
  return { status, headers, cacheControl: "no-store" };
}

function notAcceptable(request: Request, { vary = "accept-encoding" }: Answering): Response {
  return textResponse(request, 406, "Not Acceptable", { vary, "cache-control": "no-store" });
}
