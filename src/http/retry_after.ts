/**
 * The Retry-After field (RFC 9110 §10.2.3).
 *
 * @module
 */
import { parseDate } from "./date.ts";

/**
 * How long to wait, in milliseconds, or `undefined` when the value tells nothing.
 *
 * @param value A number of seconds or a date.
 * @param now The time of day, in milliseconds since 1970.
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim();
  if (/^[0-9]+$/.test(text)) return Number(text) * 1000;
  const date = parseDate(text, now);
  return date === undefined ? undefined : Math.max(0, date - now);
}
