/**
 * The options of a proxy.
 *
 * @module
 */
import {
  callback,
  checkOptions,
  type Checks,
  duration,
  flag,
  guardCallback,
  is,
  like,
  listOf,
  oneOf,
  requireSync,
  shape,
  text,
} from "../config.ts";
import { networks } from "../http/ip.ts";
import type { Field } from "../http/fields.ts";
import { nativeRequest } from "../host/host_request.ts";
import { isPseudonym } from "../http/via.ts";
import { clientAddress } from "../host/client_address.ts";
import { runtimeTransport } from "../platform/runtime_transport.ts";
import type { OutgoingRequest, Transport } from "../transport/transport.ts";
import type { SendingUpstream } from "./types.ts";

/** How long each part of an exchange may take, in milliseconds; 0 for as long as it likes. */
export interface Timeouts {
  /**
   * How long a connection to an upstream may take to be made: finding its address, TCP and TLS. It
   * counts anew whenever a request is sent, also to another upstream, and not while one waits for
   * its `limit`. Node alone can tell. Default 0, where undici gives up after 10 seconds.
   */
  readonly connect?: number;
  /** How long the upstream may take to begin its response; the same as the option `timeout`. */
  readonly headers?: number;
  /** How long the upstream may pause within its answer; not `text/event-stream`. Default 0. */
  readonly idle?: number;
  /** From the moment the request is forwarded to the end of the answer. Default 0. */
  readonly total?: number;
  /**
   * How long a WebSocket or another upgraded connection is kept through which nothing passes in either
   * direction; then both sides are closed. `timeouts.total` does not count for it, and on Workers the
   * runtime decides. Default 3600000, an hour.
   */
  readonly tunnel?: number;
}

/** Options of {@linkcode proxy} and {@linkcode proxyTo}. */
export interface ProxyOptions {
  /**
   * How long the upstream may take to begin its response once it has been sent the request, in
   * milliseconds; 0 for as long as it likes. Retries and the wait for a `limit` count. While content
   * is sent, the time begins anew with every part of it that moves: an upload may take as long as it
   * likes, but a client that sends nothing for so long is answered with 408, and for an upstream that
   * takes nothing with 504.
   * @default 60000
   */
  readonly timeout?: number;
  /** Further limits; see {@linkcode Timeouts}. */
  readonly timeouts?: Timeouts;
  /**
   * Whether upstreams are told of the client in `X-Forwarded-For`, `-Proto`, `-Host`, `-Port` and
   * `-Prefix`. `"append"` goes on from what a trusted proxy sent, `"set"` starts anew. What anyone
   * else sent in such fields is dropped always. An address that is not known is told as `unknown`
   * (RFC 7239 §6.2): without the field, an upstream could take the request for one of the proxy's
   * own. Default `"append"`.
   */
  readonly xForwarded?: "off" | "append" | "set";
  /**
   * Whether upstreams are told the same in `Forwarded` (RFC 7239); a string, which must begin with
   * `_`, names this proxy as `by`. Default `false`.
   */
  readonly forwarded?: boolean | string;
  /**
   * The name of this proxy in `Via` and `Proxy-Status`, a token. A request that has passed a proxy
   * of this name is a loop and is answered with 502. `false` for no `Via`, and no loop noticed.
   * Default `handwerk-` and a random number, another for each proxy.
   */
  readonly via?: string | false;
  /**
   * Proxies in front of this one that may tell of the client, as addresses or networks such as
   * `10.0.0.0/8`. Default none.
   */
  readonly trustedProxies?: readonly string[];
  /**
   * Tells the address at the other end of the client's connection, given the request as the host
   * passed it and what it passed after it. Default: as the host tells, under `handwerk/node`,
   * `Deno.serve`, `Bun.serve` with its `server` passed on, and on Cloudflare Workers. What it throws,
   * the handler rejects with.
   */
  readonly clientAddress?: (request: Request, ...args: readonly unknown[]) => string | undefined;
  /**
   * Is given every request before it is sent, in its final form, and may return another in its
   * place. What it throws, the handler rejects with.
   */
  readonly onRequest?: (
    outgoing: OutgoingRequest,
    request: Request,
  ) => OutgoingRequest | void | Promise<OutgoingRequest | void>;
  /**
   * Is given every response of an upstream before it is passed back, in its final form, and may
   * return another in its place. What it throws, the handler rejects with.
   */
  readonly onResponse?: (
    response: Response,
    request: Request,
  ) => Response | void | Promise<Response | void>;
  /**
   * Whether `103 Early Hints` of the upstream (RFC 8297) are passed on, with the links that they hold
   * changed as those of the response are. They go to clients of HTTP/2 and to browsers, at
   * `handwerk/node`; other clients of HTTP/1.1 may take them for the response.
   *
   * @default true
   */
  readonly earlyHints?: boolean;
  /**
   * Is told of 1xx responses such as 103 Early Hints, by transports that can tell; a `Response`
   * cannot pass them on. What it throws or rejects with goes to `console.error`.
   */
  readonly onInformational?: (status: number, fields: readonly Field[], request: Request) => void;
  /**
   * Called with the reason when a request was answered with 502, 503 or 504, or when a response was
   * broken off; the client is not told the reason. `upstream` is the URL of the upstream that was
   * asked last, if one was. What it throws or rejects with goes to `console.error`.
   * @default logs the method, the URL, the upstream and the error with `console.error`
   */
  readonly onError?: (error: unknown, request: Request, upstream: URL | undefined) => void;
  /** How requests are sent. Default: the best way that the runtime has. */
  readonly transport?: Transport;
}

/** Checked options. */
export interface ProxySettings {
  readonly timeouts: Required<Timeouts>;
  readonly xForwarded: "off" | "append" | "set";
  readonly forwarded: boolean | string;
  /** The name in `Via`, if we sign. */
  readonly pseudonym: () => string | undefined;
  readonly isTrusted: (address: string) => boolean;
  readonly clientAddress: (request: Request, ...args: readonly unknown[]) => string | undefined;
  readonly onRequest: ProxyOptions["onRequest"];
  readonly onResponse: ProxyOptions["onResponse"];
  readonly earlyHints: boolean;
  readonly onInformational: ProxyOptions["onInformational"];
  readonly onError: (
    error: unknown,
    request: Request,
    upstream: SendingUpstream | undefined,
  ) => void;
  /** Whether a function of the user's is given the request after its content was sent. */
  readonly tells: boolean;
  readonly transport: Transport;
}

const OPTIONS: Checks<ProxyOptions> = {
  timeout: duration(),
  timeouts: shape<Timeouts>({
    connect: duration(),
    headers: duration(),
    idle: duration(),
    total: duration(),
    tunnel: duration(),
  }),
  xForwarded: oneOf("off", "append", "set"),
  forwarded: is(
    (value) => typeof value === "boolean" || /^_[\w.-]+$/.test(String(value)),
    'true, false or a name such as "_gateway"',
  ),
  via: is(
    (value) => value === false || typeof value === "string" && isPseudonym(value),
    'false or a name such as "gateway"',
  ),
  trustedProxies: listOf(text('an address or a network such as "10.0.0.0/8"'), '"10.0.0.0/8"'),
  clientAddress: callback,
  onRequest: callback,
  onResponse: callback,
  earlyHints: flag,
  onInformational: callback,
  onError: callback,
  transport: (value, where) => {
    like("an object with send() and capabilities, or leave it out", "send")(value, where);
    const { capabilities } = value as Transport;
    like("a Set, which may be empty", "has")(capabilities, `${where}.capabilities`);
  },
};

/** How others call what is an option here, or one of a target. */
const ELSEWHERE = {
  changeOrigin: "leave it out: the host is that of the target",
};

/**
 * Checks the options.
 *
 * @throws {TypeError} Naming the option and the remedy.
 */
export function readProxyOptions(options: ProxyOptions): ProxySettings {
  checkOptions("proxy", options, OPTIONS, { elsewhere: ELSEWHERE });
  const { timeouts = {}, xForwarded = "append", forwarded = false, via } = options;
  const { connect = 0, idle = 0, total = 0, tunnel = 3_600_000 } = timeouts;
  const { transport = runtimeTransport(), trustedProxies = [] } = options;
  const {
    clientAddress: addressOf,
    onRequest,
    onResponse,
    onInformational,
    onError,
  } = options;
  if (options.timeout !== undefined && timeouts.headers !== undefined) {
    refuse("timeout and timeouts.headers are the same; give one of them");
  }
  if (connect > 0 && !transport.capabilities.has("connected")) {
    refuse(
      "timeouts.connect needs a transport that tells of connections, unlike this runtime's; " +
        "use timeout",
    );
  }
  return {
    timeouts: {
      connect,
      headers: options.timeout ?? timeouts.headers ?? 60_000,
      idle,
      total,
      tunnel,
    },
    xForwarded,
    forwarded,
    pseudonym: pseudonym(via),
    isTrusted: networks("proxy: the trusted proxy", trustedProxies),
    clientAddress: addressOf
      ? (request, ...args) =>
        requireSync("proxy: clientAddress", addressOf(nativeRequest(request), ...args))
      : (request, ...args) => clientAddress(request, args),
    onRequest: onRequest && ((outgoing, request) => onRequest(outgoing, nativeRequest(request))),
    onResponse: onResponse && ((response, request) => onResponse(response, nativeRequest(request))),
    earlyHints: options.earlyHints ?? true,
    onInformational: onInformational &&
      guardCallback(
        "proxy: onInformational",
        (status, fields, request) => onInformational(status, fields, nativeRequest(request)),
      ),
    onError: onError
      ? guardCallback(
        "proxy: onError",
        (error, request, upstream) => onError(error, nativeRequest(request), remoteUrl(upstream)),
      )
      : report,
    tells: Boolean(onResponse ?? onInformational ?? onError),
    transport,
  };
}

/** Workers have no randomness before the first request. */
function pseudonym(via: string | false | undefined): () => string | undefined {
  let name = via === false ? undefined : via;
  if (via === undefined) {
    return () => name ??= `handwerk-${crypto.randomUUID().slice(0, 8)}`;
  }
  return () => name;
}

function report(
  error: unknown,
  { method, url }: Request,
  upstream: SendingUpstream | undefined,
): void {
  const asked = remoteUrl(upstream);
  console.error(`proxy: ${method} ${url}${asked ? ` from ${asked.href}` : ""}:`, error);
}

/** The URL of an upstream, if it is not in this process. */
function remoteUrl(upstream: SendingUpstream | undefined): URL | undefined {
  return upstream?.local ? undefined : upstream?.url;
}

function refuse(why: string): never {
  throw new TypeError(`proxy: ${why}`);
}
