/**
 * What request methods promise.
 *
 * @module
 */

/** RFC 9110 §9.2.2: sent twice, they intend the same as sent once. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Whether a request with the method may be sent again when nobody knows what became of it. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}
