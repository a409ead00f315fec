/**
 * Fields in which proxies tell whom a request came from.
 *
 * @module
 */
import { readAddress } from "./address.ts";

/**
 * Fields by which proxies tell of the client or of what it asked for, and which applications
 * believe: a client must not be able to send them past a proxy.
 */
const FORWARDING = new Set([
  "forwarded",
  "forwarded-for",
  "x-forwarded",
  "x-real-ip",
  "x-real-port",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-proxyuser-ip",
  "x-remote-addr",
  "x-remote-ip",
  "x-originating-ip",
  "true-client-ip",
  "client-ip",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "fastly-client-ip",
  "x-original-url",
  "x-original-uri",
  "x-original-host",
  "x-original-method",
  "x-rewrite-url",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-script-name",
]);
const FAMILIES = ["x-forwarded-", "x-envoy-"];

/** Whether the field, its name in lower case, is one that only a trusted proxy may send. */
export function isForwarding(name: string): boolean {
  return FORWARDING.has(name) || FAMILIES.some((family) => name.startsWith(family));
}

/** The parameters of an element of `Forwarded`. */
export interface ForwardedElement {
  /** The address of the client, if it is known. */
  readonly for: string | undefined;
  /** An identifier of the proxy. */
  readonly by?: string | undefined;
  /** The host that the client asked for. */
  readonly host: string;
  /** The scheme that it used. */
  readonly proto: string;
}

/** Writes one element of `Forwarded` (RFC 7239 §4). */
export function forwardedElement(element: ForwardedElement): string {
  const { for: address, by, host, proto } = element;
  const node = address === undefined ? "unknown" : address.includes(":") ? `[${address}]` : address;
  const pairs = [["for", node], ["by", by], ["host", host], ["proto", proto]] as const;
  return pairs.flatMap(([name, value]) => value === undefined ? [] : `${name}=${quoted(value)}`)
    .join(";");
}

/** RFC 9110 §5.6.2: whatever is no token must be in quotes, such as what holds a colon. */
function quoted(value: string): string {
  return /^[\w!#$%&'*+\-.^`|~]+$/.test(value) ? value : `"${value.replaceAll(/[\\"]/g, "\\$&")}"`;
}

/**
 * The address of the client that the nearest proxies to trust vouch for: `X-Forwarded-For` is read
 * from its end, where the peer wrote, as long as it names proxies to trust.
 *
 * @param peer The address at the other end of the connection.
 * @param forwardedFor The value of `X-Forwarded-For`, or `""`.
 */
export function clientBehind(
  peer: string,
  forwardedFor: string,
  isTrusted: (address: string) => boolean,
): string {
  let client = peer;
  for (const member of forwardedFor.split(",").toReversed()) {
    const address = member.trim();
    if (!isTrusted(client) || !readAddress(address)) break;
    client = address;
  }
  return client;
}
