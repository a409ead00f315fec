/**
 * Requests to upgrade a connection (RFC 9110 §7.8), and the answers to them.
 *
 * @module
 */
import type { Field } from "./connection.ts";

/**
 * The protocol that a request asks for, in lower case, or `undefined` when it asks for none that a
 * tunnel can be made for; the field is then to be ignored. A tunnel for another version of HTTP
 * would carry requests past everything that looks at requests.
 */
export function upgradeProtocol(method: string, headers: Headers): string | undefined {
  const protocol = headers.get("upgrade")?.toLowerCase() ?? "";
  // Docker's and Kubernetes' clients upgrade a POST; a handshake of WebSocket is a GET (RFC 6455 §4.1).
  const fits = method === "GET" ||
    (method === "POST" && protocol !== "websocket" && !announcesContent(headers));
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

/** Whether fields announce content (RFC 9112 §6), which a request to upgrade must not have. */
export function announcesContent(headers: Headers): boolean {
  const length = headers.get("content-length");
  return headers.get("transfer-encoding") !== null || (length !== null && !/^0+$/.test(length));
}

/** Whether an answer with 101 agrees to that protocol, and to no other. */
export function agreesTo(protocol: string, fields: readonly Field[]): boolean {
  const agreed = fields.filter(([name]) => name.toLowerCase() === "upgrade");
  return agreed.length === 1 && agreed[0]?.[1].trim().toLowerCase() === protocol;
}
