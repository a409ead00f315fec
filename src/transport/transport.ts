/**
 * The interface between the proxy and the network: how a request is sent.
 *
 * @module
 */
import { sideTable } from "../host/side_table.ts";
import type { PushBody } from "../host/types.ts";
import type { Field } from "../http/fields.ts";
import { isProxyErrorType, type ProxyErrorType } from "../http/proxy_status.ts";

/** What a transport can do besides sending a request to the URL that it is given. */
export type Capability =
  /** Send a `Host` field other than the host of the URL. */
  | "host"
  /** Send any method that is a token (RFC 9110 §9.1), not only those that every `fetch` sends. */
  | "anyMethod"
  /** Send content with GET, which `fetch` does not. */
  | "getContent"
  /** Use the certificates of {@linkcode TlsOptions}. */
  | "tls"
  /** Use `servername` of {@linkcode TlsOptions}: another name than the host of the URL. */
  | "servername"
  /** Accept any certificate: `rejectUnauthorized: false` of {@linkcode TlsOptions}. */
  | "insecureTls"
  /** Connect to a Unix socket. */
  | "unix"
  /** Use HTTP/2 with an upstream that agrees to it in TLS. */
  | "http2"
  /** Use HTTP/2 from the start and without TLS. */
  | "priorKnowledge"
  /** Upgrade the connection (RFC 9110 §7.8), as for WebSocket, with `upgrade`. */
  | "upgrade"
  /** Call `onConnected` when a request has a connection. */
  | "connected"
  /** Call `onInformational` with the 1xx responses before the final one. */
  | "information"
  /** Give the trailer fields of responses. */
  | "trailers";

/** The certificates of a connection with TLS. */
export interface TlsOptions {
  /**
   * Certificates of authorities in PEM, in place of those that the runtime trusts.
   *
   * @default The authorities that the runtime trusts.
   */
  readonly ca?: string | readonly string[];
  /**
   * The client certificate in PEM, for upstreams that require one.
   *
   * @default None.
   */
  readonly cert?: string;
  /**
   * The private key of `cert` in PEM.
   *
   * @default None.
   */
  readonly key?: string;
  /**
   * Whether the certificate of the upstream must be valid.
   *
   * @default true
   */
  readonly rejectUnauthorized?: boolean;
  /**
   * The name for SNI, which the certificate must have.
   *
   * @default The host of the target.
   */
  readonly servername?: string;
}

/** How to reach an upstream, besides its URL. */
export interface Connection {
  /** The options of TLS. */
  readonly tls?: TlsOptions;
  /** The path of a Unix socket to connect to, in place of the host of the URL. */
  readonly socketPath?: string;
  /** Whether to use HTTP/2: `true` where the upstream agrees in TLS; or at once and without TLS. */
  readonly http2?: boolean | "prior knowledge";
  /** How long it may take to connect, in milliseconds. */
  readonly connectTimeout?: number;
}

const PLAIN: Connection = {};

/** One value for each connection, made at the first use. */
export function perConnection<T extends object>(
  make: (connection: Connection) => T,
): (connection: Connection | undefined) => T {
  const made = new WeakMap<Connection, T>();
  return (connection = PLAIN) => {
    const known = made.get(connection) ?? make(connection);
    made.set(connection, known);
    return known;
  };
}

/** A request to an upstream. */
export interface OutgoingRequest {
  /** The URL, `http:` or `https:`. */
  readonly url: URL;
  /** The method, in the case it is sent in. */
  readonly method: string;
  /** The `Host` field. It equals `url.host` unless the transport has the capability `host`. */
  readonly host: string;
  /** All other fields, with names in lower case and without hop-by-hop fields. */
  readonly fields: readonly Field[];
  /** The content, sent as it comes; `null` for none. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** Aborted when the response is not needed any more, also while its body is read. */
  readonly signal: AbortSignal;
  /** Whether the client accepts trailer fields, with the hop-by-hop field `TE: trailers`. */
  readonly takesTrailers?: boolean;
  /** The protocol to upgrade to; it is in `fields`, too. */
  readonly upgrade?: string;
  /** How to reach the upstream; the same object for every request to one target. */
  readonly connection?: Connection | undefined;
  /**
   * Called, with the capability `connected`, when the request has a connection, new or kept, and
   * before any of it is sent. If `signal` is aborted by then, the request must not be sent.
   */
  readonly onConnected?: () => void;
  /** Called, with the capability `information`, with 1xx responses other than 101. */
  readonly onInformational?: ((status: number, fields: readonly Field[]) => void) | undefined;
}

/** A response of an upstream; a redirect is not followed. */
export interface IncomingResponse {
  /** The status code, unchecked. */
  readonly status: number;
  /** The reason phrase, or `""`. */
  readonly reason: string;
  /** The field lines. */
  readonly fields: Iterable<Field>;
  /** The content. It errors if it is incomplete; to cancel it closes the connection. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** `true` if the content was decoded, so that the fields about its coding and length are wrong. */
  readonly decoded?: boolean;
  /** The trailer fields, with the capability `trailers`; resolves when the content has ended. */
  readonly trailers?: Promise<readonly Field[]> | undefined;
}

/** A response of our own transports, whose content does not need a stream. */
export interface PushedResponse extends IncomingResponse {
  /** The content. `body` is the same content: only one of the two can be used. */
  readonly flow: PushedContent | undefined;
}

/** Content that reports when it is incomplete. */
export interface PushedContent extends PushBody {
  /** Called with the reason, before the consumer of the content gets it. */
  onCut?: (error: unknown) => void;
}

/** A connection that the upstream has agreed to use for another protocol than HTTP. */
export interface Tunnel {
  /** Always 101. */
  readonly status: 101;
  /** The field lines of the upstream's response. */
  readonly fields: Iterable<Field>;
  /** The bytes from the upstream; to cancel it closes the connection. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The bytes to the upstream. */
  readonly writable: WritableStream<Uint8Array>;
}

/** Sends requests to upstreams. */
export interface Transport {
  /** What it can do; options that need more are rejected when the proxy is built. */
  readonly capabilities: ReadonlySet<Capability>;
  /**
   * Sends a request. Resolves with the fields of the final response; rejects when there will be no
   * response.
   */
  send(request: OutgoingRequest): Promise<IncomingResponse>;
  /**
   * Sends a request to upgrade the connection, with the capability `upgrade`; `fields` have
   * `connection` and `upgrade`. Resolves with the tunnel, with a response of status 101 if the
   * runtime makes a tunnel of that, or with the response that refuses the upgrade. The `signal` does
   * not end a tunnel.
   */
  upgrade?(request: OutgoingRequest): Promise<Tunnel | Response | IncomingResponse>;
}

/** Other spellings of the path and query of URLs, valid as long as the URL does not change. */
const spellings = sideTable<URL, { readonly href: string; readonly target: string }>();

/** Lets the path and query of a URL be sent in another spelling. */
export function spell(url: URL, target: string): void {
  spellings.set(url, { href: url.href, target });
}

/** The request target: the path and query, with a question mark even if nothing follows it. */
export function requestTarget(url: URL, origin: string = url.origin): string {
  const spelling = spellings.get(url);
  if (spelling?.href === url.href) return spelling.target;
  return url.href.slice(origin.length, url.href.length - url.hash.length);
}

/** The types of RFC 9209 by the codes of Node, undici and Bun and the messages of Deno and Workers. */
const ERROR_TYPES: readonly (readonly [ProxyErrorType, RegExp])[] = [
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
 * The type (RFC 9209) of an error of a transport, or `undefined` if it is unknown. An error, or a
 * cause of it, that has such a type as its `type` is of that type.
 */
export function errorType(error: unknown): ProxyErrorType | undefined {
  // The innermost cause is the most specific. A longer chain is a circle.
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < 8; at = at.cause) chain.push(at);
  for (const at of chain) {
    const { type } = at as { readonly type?: unknown };
    if (isProxyErrorType(type)) return type;
  }
  for (const at of chain.toReversed()) {
    const { code } = at as { readonly code?: unknown };
    // Messages of Deno contain the URL, and with it what a client sent.
    const message = at.message.replace(/\(https?:[^)]*\)/, "");
    const text = typeof code === "string" ? `${code} ${message}` : message;
    const found = ERROR_TYPES.find(([, pattern]) => pattern.test(text));
    if (found) return found[0];
  }
  return undefined;
}
