/**
 * The response for a file that was found.
 *
 * @module
 */
import { evaluatePreconditions, ifRangeHolds, type Validators } from "../http/preconditions.ts";
import { type ByteRange, readRanges } from "../http/ranges.ts";
import { memoizeHeaders } from "../host/make_response.ts";
import type { RawHeaders } from "../http/fields.ts";
import type { CacheFields, CacheRule } from "./cache_control.ts";
import { compressed, isCompressible, takesGzip } from "./gzip.ts";
import {
  describe,
  type Describing,
  type Description,
  type Representation,
  UNIT,
  validatedBy,
} from "./describe.ts";
import { type FinishContext, NOSNIFF, type Plan, textPlan, without } from "./finish.ts";
import { type TypeOf, withCharset } from "./media_type.ts";
import { multipart } from "./multipart.ts";
import { andThen, type MaybePromise } from "./soon.ts";
import type { Content, Entry } from "./source.ts";

/** How files are answered. */
export interface RespondOptions extends Describing {
  readonly cache: CacheRule;
  readonly typeOf: TypeOf;
  readonly fallbackMimetype: string;
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
  readonly fields: RawHeaders;
}

/** A file that answers for what is not there: never fresh, never in parts; an error has no validators. */
export interface Fallback {
  readonly status: 200 | 404;
  readonly cacheControl: string;
  /** The fields of requests that decided, besides those about the coding. */
  readonly vary?: string;
}

/** Answers a GET or HEAD request with a representation. */
export function respondWithFile(
  request: Request,
  representation: Representation,
  answering: RespondOptions,
  fallback?: Fallback,
): MaybePromise<FinishContext> {
  const { entry, path, base, coding } = representation;
  let described: Described;
  try {
    described = describedBy(request, representation, answering, fallback);
  } catch (error) {
    return andThen(entry.close?.(), () => Promise.reject(error as Error));
  }
  const { validators, made, policy } = described;
  const about = { path, base, entry };
  if (coding === undefined && !made) return { plan: notAcceptable(answering), ...about };
  const sha256 = made ? undefined : entry.sha256;
  if (fallback && !policy.validators) {
    return { plan: whole(described, fallback), ...about, sha256 };
  }
  const plan = selected(request, described, policy.validators, fallback);
  const planFor = (own: Validators): Plan =>
    selected(request, { ...described, ...validatedBy(described, own) }, true, fallback);
  return { plan, path, base, entry, sha256, validators, planFor };
}

function describedBy(
  request: Request,
  representation: Representation,
  answering: RespondOptions,
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
  const own = fallback?.status === 404
    ? undefined
    : answering.cache(path, type, representation.base);
  const policy: CacheFields = own && (!fallback || !own.validators)
    ? own
    : { cacheControl: fallback?.cacheControl ?? "no-cache", validators: own !== undefined };
  const mayCompress = answering.compress && coding === "identity" &&
    isCompressible(type, entry.size, policy.cacheControl);
  const made = mayCompress && takesGzip(request, representation.choose);
  const sent = { name: made ? "gzip" : coding, made };
  const coded = answering.vary ?? (mayCompress ? "accept-encoding" : undefined);
  const vary = [coded, fallback?.vary].filter(Boolean).join(", ") || undefined;
  const description = describe(representation, sent, type, policy, { ...answering, vary }, now);
  const fields = memoizeHeaders([...description.guides, ...description.metadata, ...UNIT]);
  const described = { ...description, of: representation, second, made, type, policy, fields };
  memoizeHeaders(description.guides);
  if (!fallback) answering.described?.set(entry, described);
  return described;
}

/** By the preconditions and the ranges that are asked for. */
function selected(
  request: Request,
  described: Described,
  judges: boolean,
  fallback?: Fallback,
): Plan {
  return (judges ? judged(request, described) : undefined) ??
    (fallback || described.made ? whole(described, fallback) : ranged(request, described));
}

/** The answer when a precondition decides (RFC 9110 §13). */
function judged(
  { method, headers }: Request,
  { validators, guides }: Description,
): Plan | undefined {
  const outcome = evaluatePreconditions(method, headers, validators, Date.now());
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
  { of: { entry }, made, guides, metadata, policy }: Described,
  fallback?: Fallback,
): Plan {
  const open = (): MaybePromise<Content> => made ? andThen(entry.open(), compressed) : entry.open();
  const plan = { open, ...(made ? {} : { length: entry.size }) };
  const fields = [...guides, ...metadata];
  if (!fallback) return { status: 200, fields, ...plan };
  return { status: fallback.status, fields, cacheControl: policy.cacheControl, ...plan };
}

/** The validators tell the client what it has missed. */
function failure(status: number, fields: RawHeaders): Plan {
  return { status, fields: [...without(fields, "expires"), ...NOSNIFF], cacheControl: "no-store" };
}

function notAcceptable({ vary = "accept-encoding" }: RespondOptions): Plan {
  return textPlan(406, "Not Acceptable", ["vary", vary]);
}
