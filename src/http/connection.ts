/**
 * Fields that belong to one connection and must not be forwarded (RFC 9110 §7.6.1).
 *
 * @module
 */

/** A field line: a name and a value. */
export type Field = readonly [name: string, value: string];

/** Fields about one connection, and those that answer or ask the next hop for credentials. */
const HOP_BY_HOP = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
]);

/**
 * End-to-end fields that a `Connection` field must not name (RFC 9110 §7.6.1): a client could take
 * away what an application behind the proxy relies on.
 */
const PROTECTED = new Set([
  "host",
  "authorization",
  "cookie",
  "set-cookie",
  "cache-control",
  "forwarded",
  "via",
  "date",
  "etag",
  "vary",
  "location",
  "origin",
]);
const PROTECTED_FAMILIES = ["content-", "x-forwarded-", "sec-", "access-control-"];

/** The fields that go on: all but those of the connection and those that `Connection` names. */
export function endToEnd(fields: Iterable<Field>): Field[] {
  const lines = [...fields].map(([name, value]): Field => [name.toLowerCase(), value]);
  const nominated = new Set<string>();
  for (const [name, value] of lines) {
    if (name !== "connection") continue;
    for (const option of value.split(",")) nominated.add(option.trim().toLowerCase());
  }
  return lines.filter(([name]) =>
    !HOP_BY_HOP.has(name) && !(nominated.has(name) && !isProtected(name))
  );
}

/** Whether the name is one of a field of the connection. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name.toLowerCase());
}

function isProtected(name: string): boolean {
  return PROTECTED.has(name) || PROTECTED_FAMILIES.some((family) => name.startsWith(family));
}
