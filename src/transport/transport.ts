/**
 * The seam between the proxy and the network: how a request is sent.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import type { PushBody } from "../host/types.ts";

/** What a transport can do beyond sending a request to the URL it is given. */
export type Capability =
  /** Send a `Host` field other than the host of the URL. */
  | "host"
  /** Send any method that is a token (RFC 9110 §9.1), not only those that `fetch` is sure of. */
  | "anyMethod"
  /** Send content with GET, which `fetch` does not. */
  | "getContent"
  /** Use the certificates of {@linkcode TlsOptions}. */
  | "tls"
  /** Ask for another name than the host of the URL: `servername` of {@linkcode TlsOptions}. */
  | "servername"
  /** Take any certificate: `rejectUnauthorized: false` of {@linkcode TlsOptions}. */
  | "insecureTls"
  /** Connect to a Unix socket. */
  | "unix"
  /** Speak HTTP/2 with an upstream that agrees to it in TLS. */
  | "http2"
  /** Speak HTTP/2 at once and without TLS. */
  | "priorKnowledge"
  /** Upgrade the connection (RFC 9110 §7.8), as for WebSocket; with `upgrade`. */
  | "upgrade"
  /** Tell when a request has a connection: call `onConnected`. */
  | "connected"
  /** Tell of 1xx responses before the final one. */
  | "information"
  /** Tell of the trailer fields of responses. */
  | "trailers";

/** Whom to trust, and as whom to speak, on a connection with TLS. */
export interface TlsOptions {
  /** Certificates of authorities in PEM, in place of those that the runtime trusts. */
  readonly ca?: string | readonly string[];
  /** Our own certificate in PEM, for upstreams that ask for one. */
  readonly cert?: string;
  /** Its private key in PEM. */
  readonly key?: string;
  /** Whether the certificate of the upstream must be valid. Default `true`. */
  readonly rejectUnauthorized?: boolean;
  /** The name to ask for and to find in the certificate. Default: the host of the target. */
  readonly servername?: string;
}

/** How to reach an upstream, besides its URL. */
export interface Connection {
  /** Options of TLS. */
  readonly tls?: TlsOptions;
  /** The path of a Unix socket to connect to in place of the host of the URL. */
  readonly socketPath?: string;
  /** Whether to speak HTTP/2: where the upstream agrees, or at once and without TLS. */
  readonly http2?: boolean | "prior knowledge";
  /** How long a connection may take to be made, in milliseconds: nobody waits for it any longer. */
  readonly connectTimeout?: number;
}

/** A request to be sent. */
export interface OutgoingRequest {
  /** Where to; `http:` or `https:`. */
  readonly url: URL;
  /** The method, in the case it is to be sent in. */
  readonly method: string;
  /** The `Host` field. It equals `url.host` unless the transport can do `host`. */
  readonly host: string;
  /** All other fields, names in lower case; none of them belongs to a connection. */
  readonly fields: readonly Field[];
  /** The content, sent as it comes; `null` when there is none. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** Aborted when nobody waits any more, also while the response is read. */
  readonly signal: AbortSignal;
  /** Whether the client takes trailer fields: `TE: trailers`, which belongs to a connection. */
  readonly takesTrailers?: boolean;
  /** The protocol that the connection is to be upgraded to; `fields` say so, too. */
  readonly upgrade?: string;
  /** How to reach the upstream; the same object for every request to one target. */
  readonly connection?: Connection | undefined;
  /**
   * Is told, by transports that can tell, that the request has a connection, a new or a kept one,
   * before any of it is sent there. A request whose `signal` was aborted before must not be sent.
   */
  readonly onConnected?: () => void;
  /** Is told of 1xx responses other than 101, by transports that can tell. */
  readonly onInformational?: ((status: number, fields: readonly Field[]) => void) | undefined;
}

/** The response to it. Redirects are responses like any other. */
export interface IncomingResponse {
  /** The status code as it was sent, whatever it was. */
  readonly status: number;
  /** The reason phrase, or `""`. */
  readonly reason: string;
  /** The fields, one pair a line. */
  readonly fields: Iterable<Field>;
  /** The content. It errors when it was cut, and cancelling it closes the connection. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** `true` when the content was decoded, so that fields about its coding and length are wrong. */
  readonly decoded?: boolean;
  /** The trailer fields, from transports that can tell; resolved when the content has ended. */
  readonly trailers?: Promise<readonly Field[]> | undefined;
}

/** A response of our own transports that comes without a stream in between. */
export interface PushedResponse extends IncomingResponse {
  /** The content; `body` is the same, so that only one of them can be used. */
  readonly flow: PushedContent | undefined;
}

/** Content that tells when it is cut. */
export interface PushedContent extends PushBody {
  /** Called with the reason, before whoever takes the content. */
  onCut?: (error: unknown) => void;
}

/** A connection that the upstream has agreed to use for something else than HTTP. */
export interface Tunnel {
  /** Always 101. */
  readonly status: 101;
  /** The fields of the upstream's answer, one pair a line. */
  readonly fields: Iterable<Field>;
  /** What the upstream sends; cancelling it closes the connection. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What the upstream is sent. */
  readonly writable: WritableStream<Uint8Array>;
}

/** Sends requests. */
export interface Transport {
  /** What it can do; configuration that asks for more is refused. */
  readonly capabilities: ReadonlySet<Capability>;
  /**
   * Sends a request. Resolves as soon as the fields of the final response are there; rejects when
   * there will be none.
   */
  send(request: OutgoingRequest): Promise<IncomingResponse>;
  /**
   * Sends a request to upgrade the connection, where the transport can: the request's `fields` hold
   * `connection` and `upgrade`. Resolves to the tunnel, to a response with status 101 where the
   * runtime makes the tunnel of that itself, or to the response that refuses it. The `signal` has
   * no force over a tunnel.
   */
  upgrade?(request: OutgoingRequest): Promise<Tunnel | Response | IncomingResponse>;
}
