/**
 * Requests to upgrade a connection (RFC 9110 §7.8), and the answers to them.
 *
 * @module
 */
import type { Field, HeaderReader } from "./fields.ts";

/** How much content a request to upgrade may have, in bytes: all of it is kept in memory. */
export const MOST_CONTENT: number = 64 * 1024;

/**
 * The protocol that a request asks for, in lower case, or `undefined` when it asks for none that a
 * tunnel can be made for; the field is then to be ignored. A tunnel for another version of HTTP
 * would carry requests past everything that looks at requests.
 */
export function upgradeProtocol(method: string, headers: HeaderReader): string | undefined {
  const protocol = headers.get("upgrade")?.toLowerCase() ?? "";
  // Docker's and Kubernetes' clients upgrade a POST; a handshake of WebSocket is a GET (RFC 6455 §4.1).
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
  // Workers keep the field Connection to themselves.
  if (connection === null) return protocol === "websocket" ? protocol : undefined;
  const options = connection.split(",").map((option) => option.trim().toLowerCase());
  return options.includes("upgrade") ? protocol : undefined;
}

/**
 * The length of the content of a request to upgrade, or `undefined` when it has content that it must
 * not have: other than a POST, of a length that is not known, or of a large one. An upstream that
 * does not look at content would take it for the next request.
 */
export function contentLength(method: string, headers: HeaderReader): number | undefined {
  if (!announcesContent(headers)) return 0;
  const length = headers.get("content-length") ?? "";
  // Nobody would ask for content that waits for 100 Continue.
  const fits = method === "POST" && headers.get("transfer-encoding") === null &&
    headers.get("expect") === null && /^[0-9]{1,9}$/.test(length);
  return fits && Number(length) <= MOST_CONTENT ? Number(length) : undefined;
}

/** Whether fields announce content (RFC 9112 §6). */
export function announcesContent(headers: HeaderReader): boolean {
  const length = headers.get("content-length");
  return headers.get("transfer-encoding") !== null || (length !== null && !/^0+$/.test(length));
}

/** Whether an answer with 101 agrees to that protocol, and to no other. */
export function agreesTo(protocol: string, fields: readonly Field[]): boolean {
  const agreed = fields.filter(([name]) => name.toLowerCase() === "upgrade");
  return agreed.length === 1 && agreed[0]?.[1].trim().toLowerCase() === protocol;
}
