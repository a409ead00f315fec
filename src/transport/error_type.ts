/**
 * What went wrong on the way to an upstream, in the words of RFC 9209.
 *
 * @module
 */
import { isProxyErrorType, type ProxyErrorType } from "../http/proxy_status.ts";

/** By the codes that Node, undici and Bun give, and by the messages of Deno and Workers. */
const TYPES: readonly (readonly [ProxyErrorType, RegExp])[] = [
  ["tls_alert_received", /\balert\b/i],
  ["tls_certificate_error", /CERT|UNABLE_TO_|SELF_SIGNED|certificate|UnknownIssuer/i],
  [
    "tls_protocol_error",
    /\bEPROTO\b|ERR_SSL|ERR_TLS|\bTLS\b|\bSSL\b|handshake|corrupt message|peer is incompat|peer misbehav/i,
  ],
  ["dns_timeout", /\bEAI_AGAIN\b|\bETIMEOUT\b/],
  ["dns_error", /\bENOTFOUND\b|\bEAI_|\bENODATA\b|\bdns\b|failed to lookup|resolve host/i],
  ["connection_refused", /ECONNREFUSED|Connection ?Refused|FailedToOpenSocket|Unable to connect/i],
  ["destination_ip_unroutable", /EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|unreachable|no route/i],
  ["destination_unavailable", /\bENOENT\b|\bEACCES\b/],
  ["connection_timeout", /UND_ERR_CONNECT_TIMEOUT|\bETIMEDOUT\b/],
  ["http_response_timeout", /UND_ERR_HEADERS_TIMEOUT/],
  ["connection_read_timeout", /UND_ERR_BODY_TIMEOUT/],
  ["http_response_header_section_size", /HEADERS?_OVERFLOW|header.*too (?:large|big|many)/i],
  [
    "connection_terminated",
    /ECONNRESET|EPIPE|UND_ERR_SOCKET|ERR_HTTP2_(?:STREAM|SESSION)|ConnectionClosed|connection (?:was )?(?:closed|lost|reset)|socket hang up/i,
  ],
  [
    "http_protocol_error",
    /\bHPE_|ERR_HTTP2|Malformed|invalid HTTP|parse|match the HTTP|RES_CONTENT_LENGTH|InvalidContentLength/i,
  ],
];

/**
 * The type of an error that a transport rejected with, or `undefined` when it is none that is known.
 * An error that has one of these types as its `type` is of this type.
 */
export function errorType(error: unknown): ProxyErrorType | undefined {
  // A cause says more than what it was wrapped in; more than a few are a circle.
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < 8; at = at.cause) chain.push(at);
  for (const at of chain) {
    const { type } = at as { readonly type?: unknown };
    if (isProxyErrorType(type)) return type;
  }
  for (const at of chain.toReversed()) {
    const { code } = at as { readonly code?: unknown };
    // Deno puts the URL into its messages, and so what a client wrote.
    const message = at.message.replace(/\(https?:[^)]*\)/, "");
    const text = typeof code === "string" ? `${code} ${message}` : message;
    const found = TYPES.find(([, pattern]) => pattern.test(text));
    if (found) return found[0];
  }
  return undefined;
}
