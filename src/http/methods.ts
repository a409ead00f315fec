/**
 * Properties of request methods.
 *
 * @module
 */

/**
 * RFC 9110 §9.2.2: sending such a request twice has the same intended effect as sending it once.
 */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Whether a request with this method may be sent again after a connection was lost. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}
