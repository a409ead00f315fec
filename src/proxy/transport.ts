/**
 * The seam between the proxy and the network: how a request is sent.
 *
 * @module
 */
import type { Field } from "../http/connection.ts";

/** What a transport can do beyond sending a request to the URL it is given. */
export type Capability =
  /** Send a `Host` field other than the host of the URL. */
  | "host"
  /** Send any method that is a token (RFC 9110 §9.1), not only those that `fetch` is sure of. */
  | "anyMethod";

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
}
