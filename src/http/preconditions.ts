/**
 * Preconditions (RFC 9110 §13) of a request for a representation that exists.
 *
 * @module
 */
import { parseDate } from "./date.ts";
import { parseEntityTags, stronglyEqual, weaklyEqual } from "./etag.ts";
import type { HeaderReader } from "./fields.ts";

/** The validators of the selected representation. */
export interface Validators {
  /** The entity tag with its quotes. */
  readonly etag?: string | undefined;
  /** The time of the last change in milliseconds since the epoch. */
  readonly lastModified?: number | undefined;
}

/** The result of evaluating preconditions: serve the request, 304 (Not Modified), or 412. */
export type PreconditionResult = "proceed" | "not modified" | "failed";

/**
 * Evaluates the preconditions in the order of RFC 9110 §13.2.2, but for `If-Range`, which decides
 * about ranges alone.
 *
 * @param method The method of the request.
 * @param headers The fields of the request.
 * @param validators Those of the representation that would be sent.
 * @param now The time of day, in milliseconds since 1970.
 */
export function evaluatePreconditions(
  method: string,
  headers: HeaderReader,
  validators: Validators,
  now: number,
): PreconditionResult {
  const { etag } = validators;
  const modified = wholeSeconds(validators.lastModified);
  const safe = method === "GET" || method === "HEAD";

  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    const tags = parseEntityTags(ifMatch);
    if (tags !== "*" && !tags.some((tag) => etag !== undefined && stronglyEqual(tag, etag))) {
      return "failed";
    }
  } else {
    const since = date(headers, "if-unmodified-since", now);
    if (since !== undefined && modified !== undefined && modified > since) return "failed";
  }

  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) {
    const tags = parseEntityTags(ifNoneMatch);
    const matches = tags === "*" ||
      tags.some((tag) => etag !== undefined && weaklyEqual(tag, etag));
    if (matches) return safe ? "not modified" : "failed";
  } else if (safe) {
    const since = date(headers, "if-modified-since", now);
    if (since !== undefined && modified !== undefined && modified <= since) return "not modified";
  }
  return "proceed";
}

/**
 * Whether the condition of `If-Range` is true (RFC 9110 §13.1.5): it is the current strong entity
 * tag, or the exact time of the last change, if that is old enough to be a strong validator.
 *
 * @param value The field value.
 * @param now The time of the answer.
 */
export function ifRangeHolds(value: string, validators: Validators, now: number): boolean {
  const { etag } = validators;
  // A quote among the first three characters makes it an entity tag.
  if (value.slice(0, 3).includes('"')) {
    return etag !== undefined && stronglyEqual(value.trim(), etag);
  }
  const modified = wholeSeconds(validators.lastModified);
  // RFC 9110 §8.8.2.2: within its second, a file may have changed twice.
  return modified !== undefined && parseDate(value, now) === modified && now - modified >= 2000;
}

/** HTTP dates have no fractions of a second. */
function wholeSeconds(time: number | undefined): number | undefined {
  return time === undefined ? undefined : Math.floor(time / 1000) * 1000;
}

function date(headers: HeaderReader, name: string, now: number): number | undefined {
  const value = headers.get(name);
  return value === null ? undefined : parseDate(value, now);
}
