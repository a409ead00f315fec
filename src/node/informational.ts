/**
 * Informational responses (RFC 9110 §15.2) before the final one.
 *
 * @module
 */
import type { ServerResponse } from "node:http";

/**
 * Writes `103 Early Hints`.
 *
 * @throws {TypeError} When Node refuses one of the links.
 */
export function writeEarlyHints(sink: ServerResponse, links: readonly string[]): void {
  // RFC 9110 §15.2: no 1xx to a client of HTTP/1.0.
  if (links.length === 0 || sink.headersSent || sink.destroyed) return;
  if (sink.req.httpVersion !== "1.0") sink.writeEarlyHints({ link: [...links] });
}

/**
 * Whether a client is known to understand 103. Some clients of HTTP/1.1 take it for the final
 * response, and the final one for that to their next request (RFC 8297 §3); browsers do not.
 *
 * @param isBrowser Whether the request has `Sec-Fetch-Mode`.
 */
export function takesEarlyHints({ req }: ServerResponse, isBrowser: boolean): boolean {
  return req.httpVersionMajor === 2 || isBrowser;
}
