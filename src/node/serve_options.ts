/**
 * The options of `serve` and of listeners.
 *
 * @module
 */
import { callback, type Checks, flag, number, text, whole } from "../config.ts";
import { type Handler, requireHandler } from "../handler.ts";
import { type ServerTimeouts, serverTimeouts } from "./timeouts.ts";
import type { ServerTls } from "./server_tls.ts";

/** What a listener is given besides its handler. */
export interface ListenerOptions {
  /**
   * Is told of an error: of a handler that rejected, which the client sees as 500, or of content
   * that failed, which the client sees as a broken connection. What it throws or rejects with goes
   * to `console.error`. Default: `console.error`.
   */
  readonly onError?: (error: unknown) => void;
  /**
   * The largest content that a request may have, in bytes; `Infinity` for any. A request that
   * announces more is answered with 413 before it is read. One that turns out to be longer is
   * answered with 413 if its response has not begun, and cut if it has; whoever reads the content
   * gets an error, never an end. Default 1 GiB.
   */
  readonly maxRequestBodySize?: number;
}

/** Options of `serve`. */
export interface ServeOptions extends ListenerOptions {
  /** The handler. */
  readonly fetch: Handler;
  /** The port; 0 for one that is free. Default 3000. */
  readonly port?: number;
  /** The address or host name to listen on. Default: all addresses of the machine. */
  readonly hostname?: string;
  /** The certificate to serve HTTPS with. */
  readonly tls?: ServerTls;
  /** Whether to speak HTTP/2 with clients that can; needs `tls`. Default `false`. */
  readonly http2?: boolean;
  /** How long clients may take; see {@linkcode ServerTimeouts}. */
  readonly timeouts?: ServerTimeouts;
  /**
   * The most connections at a time, WebSockets included; `Infinity` for as many as the process may
   * have. Further ones are closed at once. Default `Infinity`.
   */
  readonly maxConnections?: number;
  /**
   * The most connections at a time from one IPv4 address or one /64 network of IPv6, as the
   * connection tells it; `Infinity` for no such limit. Further ones are closed at once. Behind a
   * proxy, all clients have its address. Default `Infinity`.
   */
  readonly maxConnectionsPerAddress?: number;
}

/** Checks what a listener is given. */
export const LISTENER_OPTIONS: Checks<ListenerOptions> = {
  onError: callback,
  maxRequestBodySize: number(0, Infinity, "bytes, a number"),
};
const connections = number(1, Infinity, "a number of connections");

/** Checks what `serve` is given. */
export const SERVE_OPTIONS: Checks<ServeOptions> = {
  ...LISTENER_OPTIONS,
  fetch: (value) => requireHandler("serve: fetch", value),
  port: whole(0, 65_535, "a port, a whole number"),
  hostname: text("an address or a name"),
  tls: () => {},
  http2: flag,
  timeouts: serverTimeouts,
  maxConnections: connections,
  maxConnectionsPerAddress: connections,
};

/** How others call what is an option here. */
export const SERVE_HINTS = {
  handler: "fetch",
  host: "hostname",
  cert: "give tls: { cert, key }",
  key: "give tls: { cert, key }",
  websocket: "leave it out: a proxy forwards upgrades",
  maxBodySize: "maxRequestBodySize",
  bodyLimit: "maxRequestBodySize",
};

/** The default of `maxRequestBodySize`: enough for large uploads, which are streamed. */
export const MAX_REQUEST_BODY_SIZE: number = 1024 ** 3;
