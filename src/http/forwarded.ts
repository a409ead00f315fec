/**
 * Fields in which proxies tell whom a request came from.
 *
 * @module
 */
import { readAddress } from "./ip.ts";
import { fieldNames } from "./fields.ts";

/**
 * Fields by which proxies, load balancers and platforms tell of the client, of who it is, or of what
 * it asked for, and which applications believe: a client must not be able to send them past a proxy.
 * A name that ends in `*` is for all that begin so. The README has this list.
 */
export const FORWARDING: readonly string[] = [
  // The address of the client.
  "forwarded",
  "forwarded-for",
  "x-forwarded",
  "x-forwarded-*",
  "z-forwarded-for",
  "client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "x-true-client-ip",
  "x-real-*",
  "x-originating-ip",
  "x-proxyuser-ip",
  "proxy-client-ip",
  "wl-proxy-*",
  "incap-client-ip",
  "x-sucuri-clientip",
  "x-nf-client-connection-ip",
  // What it asked for.
  "x-original-*",
  "x-rewrite-url",
  "x-replaced-path",
  "x-http-method*",
  "x-http-host-override",
  "x-http-path-override",
  "x-method-override",
  "x-script-name",
  "x-host",
  "x-middleware-subrequest",
  // The scheme.
  "front-end-https",
  "https",
  "x-https",
  "x-scheme",
  "x-proto",
  "x-url-scheme",
  "x-arr-*",
  // Its certificate.
  "client-cert",
  "client-cert-chain",
  "ssl-*",
  "x-ssl-*",
  "x-client-cert*",
  "x-client-dn",
  "x-client-verify",
  "x-tls-*",
  // Who it was found to be.
  "remote-*",
  "x-remote-*",
  "x-auth-request-*",
  "x-authenticated-*",
  "x-authentik-*",
  "x-consumer-*",
  "x-credential-identifier",
  "x-pomerium-*",
  "x-webauth-*",
  "x-amzn-mtls-*",
  "x-amzn-oidc-*",
  "x-goog-authenticated-user-*",
  "x-goog-iap-*",
  "x-ms-client-principal*",
  "x-ms-token-*",
  // All that a platform says.
  "cf-*",
  "cloudfront-*",
  "fastly-*",
  "fly-*",
  "x-appengine-*",
  "x-azure-*",
  "x-envoy-*",
  "x-vercel-*",
  // Where a proxy may be told to take files from.
  "x-accel-*",
  "x-sendfile-type",
];

/** Whether the field, its name in lower case, is one that only a trusted proxy may send. */
export const isForwarding: (name: string) => boolean = fieldNames(FORWARDING);

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
