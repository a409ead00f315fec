/**
 * The options of `serve`, `listener` and `close`: types, checks and defaults.
 *
 * @module
 */
import {
  callback,
  duration,
  flag,
  is,
  isRecord,
  number,
  type Options,
  readOptions,
  type Rules,
  text,
  whole,
} from "../config.ts";
import { type Handler, requireHandler } from "../handler.ts";
import { type Certificate, readTls, type ServerTls } from "./server_tls.ts";

/** Options of `listener` and `upgradeListener`. */
export interface ListenerOptions {
  /**
   * Called with each error: when the handler throws or rejects, which the client sees as a 500, and
   * when the response body fails, which the client sees as a cut connection. Errors caused by a
   * client disconnect are not reported. An error of the callback itself goes to `console.error`.
   *
   * @default console.error
   */
  readonly onError?: (error: unknown) => void;
  /**
   * The largest request body, in bytes; `Infinity` for no limit. If `Content-Length` is larger, the
   * response is a 413 and no handler is called. If a body without a length grows larger, reading it
   * fails; the response is a 413, or is cut if it has begun.
   *
   * @default 1_073_741_824 (1 GiB)
   */
  readonly maxRequestBodySize?: number;
}

/** Time limits for clients, in milliseconds; 0 for no limit. The response to a request that
 * arrives too late is a 408. */
export interface ServerTimeouts {
  /**
   * For the headers of a request, and for the first byte on a new connection.
   *
   * @default 60_000
   */
  readonly headers?: number;
  /**
   * For the whole request, including its body.
   *
   * @default 300_000
   */
  readonly request?: number;
  /**
   * For an HTTP/2 connection without requests. On HTTP/1.1 it is always 5 seconds.
   *
   * @default 60_000
   */
  readonly idle?: number;
  /**
   * For a client that stops reading a response. A response with nothing to send may stay open.
   *
   * @default 60_000
   */
  readonly send?: number;
}

/** Options of `close`. */
export interface CloseOptions {
  /**
   * How long running responses may take, in milliseconds; then they are cut. An event stream may
   * never end by itself.
   *
   * @default Infinity
   */
  readonly timeout?: number;
}

/** Options of `serve`. */
export interface ServeOptions extends ListenerOptions {
  /** The handler. */
  readonly fetch: Handler;
  /**
   * The port; 0 for any free port.
   *
   * @default 3000
   */
  readonly port?: number;
  /**
   * The address or host name to listen on.
   *
   * @default all addresses of the machine
   */
  readonly hostname?: string;
  /**
   * The certificate for HTTPS.
   *
   * @default none: plain HTTP
   */
  readonly tls?: ServerTls;
  /**
   * Whether to offer HTTP/2 beside HTTP/1.1; needs `tls`.
   *
   * @default false
   */
  readonly http2?: boolean;
  /** Time limits for clients. */
  readonly timeouts?: ServerTimeouts;
  /**
   * The most open connections, WebSockets included. Further connections are closed at once.
   *
   * @default Infinity
   */
  readonly maxConnections?: number;
  /**
   * The most open connections from one IPv4 address or one /64 network of IPv6. Further connections
   * are closed at once. Behind a reverse proxy, all connections come from its address.
   *
   * @default Infinity
   */
  readonly maxConnectionsPerAddress?: number;
}

const LISTENER = {
  onError: [callback, (error: unknown): void => console.error(error)],
  maxRequestBodySize: [number(0, Infinity, "bytes, a number"), 1024 ** 3],
} satisfies Options<ListenerOptions>;
const TIMEOUTS = {
  headers: [duration(), 60_000],
  request: [duration(), 300_000],
  idle: [duration(), 60_000],
  send: [duration(), 60_000],
} satisfies Options<ServerTimeouts>;
const connections = number(1, Infinity, "a number of connections");
const SERVE = {
  ...LISTENER,
  fetch: (value: unknown): void => void requireHandler("serve: fetch", value),
  port: [whole(0, 65_535, "a port, a whole number"), 3000],
  hostname: text("an address or a name"),
  tls: (): void => {}, // readTls
  http2: [flag, false],
  timeouts: [is(isRecord, "an object such as { request: 60_000 }"), {}],
  maxConnections: [connections, Infinity],
  maxConnectionsPerAddress: [connections, Infinity],
} satisfies Options<ServeOptions>;
const CLOSE = {
  timeout: [number(0, Infinity, "milliseconds, a number"), Infinity],
} satisfies Options<CloseOptions>;
const RULES: Rules<ServeOptions> = {
  required: ["fetch"],
  elsewhere: {
    handler: "fetch",
    host: "hostname",
    cert: "give tls: { cert, key }",
    key: "give tls: { cert, key }",
    websocket: "leave it out: a proxy forwards upgrades",
    maxBodySize: "maxRequestBodySize",
    bodyLimit: "maxRequestBodySize",
  },
};

/** The options of `listener` with their defaults. */
export type ListenerSettings = Required<ListenerOptions>;
/** The options of `serve` with their defaults. */
export interface ServeSettings extends Required<Omit<ServeOptions, "hostname" | "tls">> {
  readonly hostname: string | undefined;
  readonly tls: Certificate | undefined;
  readonly timeouts: Required<ServerTimeouts>;
}

/** Reads the options of `listener` and `upgradeListener`. */
export function listenerSettings(options: ListenerOptions): ListenerSettings {
  return readOptions("listener", options, LISTENER);
}

/** Reads the options of `serve`. */
export function serveSettings(options: ServeOptions): ServeSettings {
  const { fetch, hostname, tls, ...settings } = readOptions("serve", options, SERVE, RULES);
  if (settings.http2 && tls === undefined) {
    throw new TypeError("serve: http2 needs tls; give tls: { cert, key }");
  }
  return {
    ...settings,
    fetch: requireHandler("serve: fetch", fetch),
    hostname,
    tls: tls === undefined ? undefined : readTls(tls),
    timeouts: readOptions("serve: timeouts", settings.timeouts, TIMEOUTS, {}, "."),
  };
}

/** Reads the argument of `close`; `true` stands for a timeout of 0. */
export function closeOptions(how: boolean | CloseOptions): Required<CloseOptions> {
  if (typeof how === "boolean") return { timeout: how ? 0 : Infinity };
  is(isRecord, "true, or an object such as { timeout: 10_000 }")(how, "close: the argument");
  return readOptions("close", how, CLOSE);
}
