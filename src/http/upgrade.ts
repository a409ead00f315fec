/**
 * Requests to upgrade a connection (RFC 9110 §7.8), and responses to them.
 *
 * @module
 */
import type { Field, HeaderReader } from "./fields.ts";

/** The longest body of a request to upgrade, in bytes. All of it is kept in memory. */
export const MOST_CONTENT: number = 64 * 1024;

/**
 * The protocol to upgrade to, in lower case; `undefined` if the `Upgrade` header is to be ignored.
 * A tunnel for another version of HTTP is never made: it would carry requests past every check.
 */
export function upgradeProtocol(method: string, headers: HeaderReader): string | undefined {
  const protocol = headers.get("upgrade")?.toLowerCase() ?? "";
  // Clients of Docker and Kubernetes upgrade with POST. WebSocket needs GET (RFC 6455 §4.1).
  const fits = method === "GET" ||
    (method === "POST" && protocol !== "websocket" && contentLength(method, headers) !== undefined);
  if (
    !fits ||
    !/^[!#$%&'*+\-.^_`|~0-9a-z]+(?:\/[!#$%&'*+\-.^_`|~0-9a-z]+)?$/.test(protocol)
  ) {
    return undefined;
  }
  if (/^(?:h2c?|https?|tls)(?:\/|$)/.test(protocol)) return undefined;
  const connection = headers.get("connection");
  // Workers remove `Connection`.
  if (connection === null) return protocol === "websocket" ? protocol : undefined;
  const options = connection.split(",").map((option) => option.trim().toLowerCase());
  return options.includes("upgrade") ? protocol : undefined;
}

/**
 * The length of the body of a request to upgrade. Returns `undefined` if such a body is not
 * allowed: with a method other than POST, of unknown length, or too long. An upstream that ignores
 * the body would take it for the next request.
 */
export function contentLength(method: string, headers: HeaderReader): number | undefined {
  if (!announcesContent(headers)) return 0;
  const length = headers.get("content-length") ?? "";
  // Before an upgrade, no one would send the 100 (Continue) that the body waits for.
  const fits = method === "POST" && headers.get("transfer-encoding") === null &&
    headers.get("expect") === null && /^[0-9]{1,9}$/.test(length);
  return fits && Number(length) <= MOST_CONTENT ? Number(length) : undefined;
}

/** Whether the headers announce a body (RFC 9112 §6). */
export function announcesContent(headers: HeaderReader): boolean {
  const length = headers.get("content-length");
  return headers.get("transfer-encoding") !== null || (length !== null && !/^0+$/.test(length));
}

/** Whether a 101 response switches to this protocol, and to no other. */
export function agreesTo(protocol: string, fields: readonly Field[]): boolean {
  const agreed = fields.filter(([name]) => name.toLowerCase() === "upgrade");
  return agreed.length === 1 && agreed[0]?.[1].trim().toLowerCase() === protocol;
}
