/**
 * The headers in which proxies describe the client of a request.
 *
 * @module
 */
import { readAddress } from "./ip.ts";
import { fieldNames } from "./fields.ts";

/**
 * Headers in which proxies, load balancers and platforms describe the client, its identity or its
 * original request. Applications trust them, so a proxy must remove them from the requests of
 * untrusted clients. A name that ends in `*` matches every name with this beginning. The manual has
 * this list.
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
  // The original request.
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
  // The identity of the user.
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
  // Everything that platforms add.
  "cf-*",
  "cloudfront-*",
  "fastly-*",
  "fly-*",
  "x-appengine-*",
  "x-azure-*",
  "x-envoy-*",
  "x-vercel-*",
  // Files that a proxy may be told to send.
  "x-accel-*",
  "x-sendfile-type",
];

/** Whether only a trusted proxy may send the header with this name, in lower case. */
export const isForwarding: (name: string) => boolean = fieldNames(FORWARDING);

/** The parameters of an element of `Forwarded`. */
export interface ForwardedElement {
  /** The address of the client, if it is known. */
  readonly for: string | undefined;
  /** An identifier of the proxy. */
  readonly by?: string | undefined;
  /** The host in the request of the client. */
  readonly host: string;
  /** The scheme of the request. */
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

/** RFC 9110 §5.6.2: a value that is not a token, such as one with a colon, must be quoted. */
function quoted(value: string): string {
  return /^[\w!#$%&'*+\-.^`|~]+$/.test(value) ? value : `"${value.replaceAll(/[\\"]/g, "\\$&")}"`;
}

/**
 * The address of the client behind trusted proxies: `X-Forwarded-For` is read from its end, which
 * the peer wrote, for as long as the addresses are those of trusted proxies.
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
