/**
 * Hop-by-hop headers: they belong to one connection and must not be forwarded (RFC 9110 §7.6.1).
 *
 * @module
 */
import type { Field } from "./fields.ts";
import { isForwarding } from "./forwarded.ts";

/** Headers about one connection, and those that authenticate to the next hop. */
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
 * End-to-end headers that `Connection` must not name (RFC 9110 §7.6.1): a client could remove
 * headers on which the application behind the proxy relies.
 */
const PROTECTED = new Set([
  "host",
  "authorization",
  "cookie",
  "set-cookie",
  "cache-control",
  "via",
  "date",
  "etag",
  "vary",
  "location",
  "origin",
]);
/** The usual values of `Connection`, which name no header. */
const NAMES_NONE = /^(?:keep-alive|close)$/i;
const PROTECTED_FAMILIES = ["content-", "sec-", "access-control-"];

/** The end-to-end headers: all but the hop-by-hop ones and those that `Connection` names. */
export function endToEnd(fields: Iterable<Field>): Field[] {
  const kept: Field[] = [];
  let nominated: Set<string> | undefined;
  for (const field of fields) {
    const name = field[0].toLowerCase();
    if (!HOP_BY_HOP.has(name)) kept.push(name === field[0] ? field : [name, field[1]]);
    else if (name === "connection" && !NAMES_NONE.test(field[1])) {
      nominated ??= new Set();
      for (const option of field[1].split(",")) nominated.add(option.trim().toLowerCase());
    }
  }
  return nominated ? kept.filter(([name]) => !nominated.has(name) || isProtected(name)) : kept;
}

/** Whether the header with this name is hop-by-hop. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name.toLowerCase());
}

function isProtected(name: string): boolean {
  return PROTECTED.has(name) || PROTECTED_FAMILIES.some((family) => name.startsWith(family)) ||
    isForwarding(name);
}
