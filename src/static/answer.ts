/**
 * The response for a file that was found.
 *
 * @module
 */
import { atOnce } from "../callbacks.ts";
import { evaluatePreconditions, ifRangeHolds } from "../http/preconditions.ts";
import { type ByteRange, readRanges } from "../http/ranges.ts";
import { nativeRequest } from "../http/received.ts";
import { appendTo, type FieldList, respond, reused } from "../http/respond.ts";
import { textResponse } from "../http/text.ts";
import { respondHeld } from "../runtime/held.ts";
import type { CacheFields, CacheRule } from "./cache.ts";
import { compressed, compresses } from "./compress.ts";
import { describe, type Describing, type Description, type Representation } from "./describe.ts";
import type { HeadersHook } from "./hooks.ts";
import { type TypeOf, withCharset } from "./media_type.ts";
import { multipart } from "./multipart.ts";
import { andThen, type Soon } from "./soon.ts";
import type { Content, Entry } from "./source.ts";

/** How files are answered. */
export interface Answering extends Describing {
  readonly cache: CacheRule;
  readonly typeOf: TypeOf;
  readonly fallbackMimetype: string;
  readonly hooks: readonly HeadersHook[];
  /** Whether files that are not stored compressed are compressed. */
  readonly compress: boolean;
  /** What was made of entries; `undefined` when a function of the user is to be asked each time. */
  readonly described: WeakMap<Entry, Described> | undefined;
}

/** A representation with its fields, in one second of the clock. */
export interface Described extends Description {
  readonly of: Representation;
  readonly second: number;
  readonly made: boolean;
  readonly type: string;
  readonly policy: CacheFields;
  /** The fields of a 200. */
  readonly fields: FieldList;
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
  readonly fields: FieldList;
  /** The length of the content, where there is some and it is known. */
  readonly length?: number;
  /** The content; there is none without it. */
  readonly open?: () => Soon<Content>;
  /** A policy that no hook changes: what went wrong, or is not there, is never cached as a file is. */
  readonly cacheControl?: string;
}

const UNIT = ["accept-ranges", "bytes"];

/** Answers a GET or HEAD request with a representation, and opens or closes its entry. */
export function answerFile(
  request: Request,
  representation: Representation,
  answering: Answering,
  fallback?: Fallback,
): Soon<Response> {
  const { entry } = representation;
  let plan: Plan | undefined;
  try {
    const described = describedBy(request, representation, answering, fallback);
    if (representation.coding !== undefined || described.made) {
      plan = hooked(request, described, answering, planned(request, described, fallback));
    }
  } catch (error) {
    return andThen(entry.close?.(), () => Promise.reject(error as Error));
  }
  if (!plan) return andThen(entry.close?.(), () => notAcceptable(request, answering));
  const { open } = plan;
  if (open && request.method !== "HEAD") {
    const make = entry.inMemory ? respondHeld : respond;
    return andThen(open(), (content) => make(request, content, plan));
  }
  return andThen(entry.close?.(), () => respond(request, null, plan));
}

function describedBy(
  request: Request,
  representation: Representation,
  answering: Answering,
  fallback: Fallback | undefined,
): Described {
  const { entry, coding = "identity", path, name } = representation;
  const now = Date.now();
  const second = Math.floor(now / 1000);
  const known = answering.described?.get(entry);
  if (
    known?.second === second && known.of.path === path && known.of.coding === coding && !fallback
  ) return known;
  const type = withCharset(entry.type ?? answering.typeOf(name) ?? answering.fallbackMimetype);
  const policy: CacheFields = fallback
    ? { cacheControl: fallback.cacheControl, validators: false }
    : answering.cache(path, type, representation.base);
  const made = answering.compress && coding === "identity" &&
    compresses(request, type, entry.size, policy.cacheControl);
  const sent = { name: made ? "gzip" : coding, made };
  const description = describe(representation, sent, type, policy, answering, now);
  const fields = reused([...description.guides, ...description.metadata, ...UNIT]);
  const described = { ...description, of: representation, second, made, type, policy, fields };
  reused(description.guides);
  if (!fallback) answering.described?.set(entry, described);
  return described;
}

function planned(request: Request, described: Described, fallback: Fallback | undefined): Plan {
  return (described.policy.validators ? judged(request, described) : undefined) ??
    (fallback || described.made ? whole(described, fallback) : ranged(request, described));
}

/** The plan with what the hooks make of its fields. */
function hooked(
  request: Request,
  { of: { entry, path, base }, made }: Described,
  { hooks }: Answering,
  plan: Plan,
): Plan {
  const { status, length, cacheControl } = plan;
  let { fields } = plan;
  if (hooks.length > 0) {
    const headers = appendTo(new Headers(), fields);
    if (length !== undefined) headers.set("content-length", String(length));
    const sha256 = made ? undefined : entry.sha256;
    const serving = { request: nativeRequest(request), status, base: base(), sha256 };
    for (const hook of hooks) atOnce("serveStatic: headers", hook(path, headers, serving));
    // How long the content is, is no matter of opinion.
    headers.delete("content-length");
    fields = [...headers].flat();
  }
  if (cacheControl !== undefined) {
    fields = ["cache-control", cacheControl, ...without(fields, "cache-control")];
  }
  return { ...plan, fields };
}

/** The answer when a precondition decides (RFC 9110 §13). */
function judged(
  { method, headers }: Request,
  { validators, guides }: Description,
): Plan | undefined {
  const outcome = evaluatePreconditions(method, headers, validators);
  if (outcome === "failed") return failure(412, guides);
  return outcome === "proceed" ? undefined : { status: 304, fields: guides };
}

/** The whole, one range, or several (RFC 9110 §14). */
function ranged(request: Request, { of, type, fields, guides, validators }: Described): Plan {
  const { entry } = of;
  const { size } = entry;
  const ranges = askedRanges(request, size, validators);
  if (ranges === "unsatisfiable") {
    return failure(416, [...guides, ...UNIT, "content-range", `bytes */${size}`]);
  }
  if (ranges === "ignore") {
    return { status: 200, fields, length: size, open: () => entry.open() };
  }
  if (ranges.length === 1) {
    const [range] = ranges as readonly [ByteRange];
    return {
      status: 206,
      fields: [...fields, "content-range", `bytes ${range.start}-${range.end - 1}/${size}`],
      length: range.end - range.start,
      open: () => entry.open(range),
    };
  }
  const parts = multipart(ranges, type, size, (range) => entry.open(range));
  return {
    status: 206,
    fields: [...without(fields, "content-type"), "content-type", parts.type],
    length: parts.length,
    open: () => parts.body,
  };
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
  { of: { entry }, made, guides, metadata }: Described,
  fallback: Fallback | undefined,
): Plan {
  const open = (): Soon<Content> => made ? andThen(entry.open(), compressed) : entry.open();
  const plan = { open, ...(made ? {} : { length: entry.size }) };
  const fields = [...guides, ...metadata];
  if (!fallback) return { status: 200, fields, ...plan };
  const { status, cacheControl, vary } = fallback;
  const more = vary === undefined ? [] : ["vary", vary];
  return { status, fields: [...fields, ...more], cacheControl, ...plan };
}

/** The validators tell the client what it has missed. */
function failure(status: number, fields: FieldList): Plan {
  return { status, fields: without(fields, "expires"), cacheControl: "no-store" };
}

function without(fields: FieldList, name: string): FieldList {
  return fields.filter((_, at) => fields[at - at % 2] !== name);
}

function notAcceptable(request: Request, { vary = "accept-encoding" }: Answering): Response {
  return textResponse(request, 406, "Not Acceptable", { vary, "cache-control": "no-store" });
}
