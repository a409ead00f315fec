/**
 * The options of a proxy.
 *
 * @module
 */
import {
  callback,
  duration,
  flag,
  guardCallback,
  is,
  isRecord,
  like,
  listOf,
  oneOf,
  type Options,
  readOptions,
  requireSync,
  text,
} from "../config.ts";
import { clientAddress, nativeRequest } from "../host/host_request.ts";
import type { Field } from "../http/fields.ts";
import { networks } from "../http/ip.ts";
import { isPseudonym } from "../http/via.ts";
import { runtimeTransport } from "../platform/current.ts";
import type { IncomingResponse, OutgoingRequest, Transport } from "../transport/transport.ts";

/** Time limits of an exchange with an upstream, in milliseconds; 0 for no limit. */
export interface Timeouts {
  /**
   * Time for a connection to an upstream: DNS, TCP and TLS. It begins again with each attempt, and
   * does not include waiting for the `limit` of the target. Only on Node. Without it, undici gives
   * up after 10 seconds.
   * @default 0
   */
  readonly connect?: number;
  /**
   * Time for the response to begin, from the moment the request is forwarded. Retries and waiting
   * for the `limit` of the target count. While content is sent, each part that moves begins the
   * time again: an upload may take long, but a client that sends nothing for this time gets a 408,
   * and an upstream that reads nothing causes a 504.
   * @default 60000
   */
  readonly headers?: number;
  /**
   * Time between two chunks of the response. It does not apply to `text/event-stream`.
   * @default 0
   */
  readonly idle?: number;
  /**
   * Time for the whole exchange, from the moment the request is forwarded to the end of the
   * response.
   * @default 0
   */
  readonly total?: number;
  /**
   * Time that a WebSocket or another upgraded connection is kept while nothing passes in either
   * direction. `total` does not apply to it. On Workers the runtime decides.
   * @default 3600000
   */
  readonly tunnel?: number;
}

/** Options of {@linkcode proxy} and {@linkcode proxyTo}. */
export interface ProxyOptions {
  /**
   * Time for the response to begin, in milliseconds, or {@linkcode Timeouts}; 0 for no limit. A
   * number is `timeout.headers`.
   * @default 60000
   */
  readonly timeout?: number | Timeouts;
  /**
   * Whether `X-Forwarded-For`, `-Proto`, `-Host`, `-Port` and `-Prefix` tell upstreams about the
   * client. `"append"` adds to the fields of a trusted proxy, `"set"` replaces them. Such fields of
   * anyone else are always removed. An unknown address is `unknown` (RFC 7239 §6.2).
   * @default "append"
   */
  readonly xForwarded?: "off" | "append" | "set";
  /**
   * Whether `Forwarded` (RFC 7239) tells upstreams about the client. A string, which must begin
   * with `_`, names this proxy as `by`.
   * @default false
   */
  readonly forwarded?: boolean | string;
  /**
   * The name of this proxy in `Via` and `Proxy-Status`, a token. A request that has passed a proxy
   * of this name is a loop: 502. `false` for no `Via` and no loop detection.
   * @default `handwerk-` and a random number, another one for each proxy
   */
  readonly via?: string | false;
  /**
   * Proxies in front of this one whose forwarding fields are trusted: addresses, or networks such
   * as `10.0.0.0/8`.
   * @default []
   */
  readonly trustedProxies?: readonly string[];
  /**
   * Returns the address at the other end of the client's connection. It gets the request as the
   * host passed it, and the platform arguments. Must not be async. The handler rejects with its
   * errors.
   * @default the address that `handwerk/node`, Deno, Bun (with `server` passed on) or Workers know
   */
  readonly clientAddress?: (request: Request, ...args: readonly unknown[]) => string | undefined;
  /**
   * Called with each request in its final form before it is sent; may return another one. The
   * handler rejects with its errors.
   */
  readonly onRequest?: (
    outgoing: OutgoingRequest,
    request: Request,
  ) => OutgoingRequest | void | Promise<OutgoingRequest | void>;
  /**
   * Called with each response of an upstream in its final form; may return another one. The handler
   * rejects with its errors.
   */
  readonly onResponse?: (
    response: Response,
    request: Request,
  ) => Response | void | Promise<Response | void>;
  /**
   * Whether `103 Early Hints` (RFC 8297) are passed on, their links rewritten like those of the
   * response: with `handwerk/node`, to clients of HTTP/2 and to browsers. Other clients of HTTP/1.1
   * may mistake them for the response.
   * @default true
   */
  readonly earlyHints?: boolean;
  /**
   * Called with each 1xx response, such as 103 Early Hints, by transports that support it. Its
   * errors are logged with `console.error`.
   */
  readonly onInformational?: (status: number, fields: readonly Field[], request: Request) => void;
  /**
   * Called when a request fails with 502, 503 or 504, or when a response is cut. The client does
   * not see the error. `upstream` is the URL of the upstream that was tried last, if one was. Its
   * own errors are logged with `console.error`.
   * @default logs the method, the URL, the upstream and the error with `console.error`
   */
  readonly onError?: (error: unknown, request: Request, upstream: URL | undefined) => void;
  /**
   * Sends the requests.
   * @default the best transport of the runtime
   */
  readonly transport?: Transport;
}

/** The checked options of a proxy. */
export interface ProxySettings
  extends Required<Pick<ProxyOptions, "xForwarded" | "forwarded" | "earlyHints" | "transport">> {
  readonly onRequest?: ProxyOptions["onRequest"] | undefined;
  readonly onResponse?: ProxyOptions["onResponse"] | undefined;
  readonly onInformational?: ProxyOptions["onInformational"] | undefined;
  readonly timeout: Required<Timeouts>;
  /** The name of the proxy in `Via`, or `undefined` without one. */
  readonly pseudonym: () => string | undefined;
  readonly isTrusted: (address: string) => boolean;
  readonly clientAddress: (request: Request, args: readonly unknown[]) => string | undefined;
  readonly onError: (error: unknown, request: Request, upstream: TriedUpstream | undefined) => void;
  /** Whether a function of the user gets the request after its content was sent. */
  readonly showsRequest: boolean;
  /** Responds in place of the upstream, for `inspect`. */
  readonly inspect?: (outgoing: OutgoingRequest) => IncomingResponse;
}

/** The upstream of an error. One in this process has no URL of its own. */
interface TriedUpstream {
  readonly url: URL;
  readonly local: boolean;
}

const TIMEOUTS = {
  connect: [duration(), 0],
  headers: [duration(), 60_000],
  idle: [duration(), 0],
  total: [duration(), 0],
  tunnel: [duration(), 3_600_000],
} satisfies Options<Timeouts>;

const OPTIONS = {
  timeout: [
    (value, where) => {
      if (!isRecord(value)) duration()(value, where); // an object by TIMEOUTS
    },
    {},
  ],
  xForwarded: [oneOf("off", "append", "set"), "append"],
  forwarded: [
    is(
      (value) => typeof value === "boolean" || /^_[\w.-]+$/.test(String(value)),
      'true, false or a name such as "_gateway"',
    ),
    false,
  ],
  via: is(
    (value) => value === false || typeof value === "string" && isPseudonym(value),
    'false or a name such as "gateway"',
  ),
  trustedProxies: [
    listOf(text('an address or a network such as "10.0.0.0/8"'), '"10.0.0.0/8"'),
    [],
  ],
  clientAddress: callback,
  onRequest: callback,
  onResponse: callback,
  earlyHints: [flag, true],
  onInformational: callback,
  onError: callback,
  transport: (value, where) => {
    like("an object with send() and capabilities, or leave it out", "send")(value, where);
    const { capabilities } = value as Transport;
    like("a Set, which may be empty", "has")(capabilities, `${where}.capabilities`);
  },
} satisfies Options<ProxyOptions>;

/** Options of other libraries, and what to do instead. */
const ELSEWHERE = {
  changeOrigin: "leave it out: the host is that of the target",
  timeouts: "timeout",
};

/**
 * Checks the options of a proxy.
 *
 * @throws {TypeError} Naming the option and the remedy.
 */
export function readProxyOptions(proxyOptions: ProxyOptions): ProxySettings {
  const options = readOptions("proxy", proxyOptions, OPTIONS, { elsewhere: ELSEWHERE });
  const { transport = runtimeTransport(), clientAddress: addressOf, onError } = options;
  const { timeout: limits, onResponse, onInformational } = options;
  const given: Timeouts = typeof limits === "number" ? { headers: limits } : limits;
  const timeout = readOptions("proxy: timeout", given, TIMEOUTS, {}, ".");
  if (timeout.connect > 0 && !transport.capabilities.has("connected")) {
    throw new TypeError(
      "proxy: timeout.connect needs a transport that reports connections; use timeout.headers",
    );
  }
  return {
    ...options,
    timeout,
    transport,
    pseudonym: readPseudonym(options.via),
    isTrusted: networks("proxy: the trusted proxy", options.trustedProxies),
    clientAddress: addressOf
      ? (request, args) =>
        requireSync("proxy: clientAddress", addressOf(nativeRequest(request), ...args))
      : clientAddress,
    onInformational: onInformational && guardCallback(
      "proxy: onInformational",
      (status, fields, request) => onInformational(status, fields, nativeRequest(request)),
    ),
    onError: onError
      ? guardCallback(
        "proxy: onError",
        (error, request, upstream) => onError(error, nativeRequest(request), remoteUrl(upstream)),
      )
      : logError,
    showsRequest: Boolean(onResponse ?? onInformational ?? onError),
  };
}

/** The name is made at the first request: Workers have no randomness before. */
function readPseudonym(via: string | false | undefined): () => string | undefined {
  let name = via === false ? undefined : via;
  if (via !== undefined) return () => name;
  return () => name ??= `handwerk-${crypto.randomUUID().slice(0, 8)}`;
}

function logError(error: unknown, { method, url }: Request, upstream?: TriedUpstream): void {
  const tried = remoteUrl(upstream);
  console.error(`proxy: ${method} ${url}${tried ? ` from ${tried.href}` : ""}:`, error);
}

/** The URL of an upstream that is not in this process. */
function remoteUrl(upstream?: TriedUpstream): URL | undefined {
  return upstream?.local ? undefined : upstream?.url;
}
