/**
 * The middleware and the handler that forward requests, and a look at what they would send.
 *
 * @module
 */
import type { AnyHandler, Handler, Middleware, PathKeys, SameNeeds } from "../handler.ts";
import type { Field } from "../http/fields.ts";
import { configuredPath } from "../http/path.ts";
import { longestPrefix } from "../http/prefix_tree.ts";
import { descend, mountAware, wrapping } from "../mount.ts";
import type { OutgoingRequest } from "../transport/transport.ts";
import { BAD_REQUEST, ownResponse } from "./errors.ts";
import { forward } from "./pipeline.ts";
import { type ProxyOptions, type ProxySettings, readProxyOptions } from "./proxy_options.ts";
import { readTarget, scoped } from "./target.ts";
import type {
  AnyTarget,
  HandlerIn,
  KnownOptions,
  TargetNeeds,
  TargetOptions,
  TargetPlace,
} from "./target_options.ts";
import { isOptions, isPlace } from "./upstream.ts";
import type { Target } from "./types.ts";

/** The platform arguments that targets need: those of their handlers. */
export type ProxyNeeds<T> = TargetNeeds<T extends AnyTarget ? T : T[keyof T]>;

/** Turns options that do not exist, and needs that differ, into errors where they are written. */
export type KnownTargets<T> = T extends AnyTarget ? KnownOptions<T>
  :
    & { readonly [K in keyof T]: KnownOptions<T[K]> }
    & SameNeeds<{ readonly [K in keyof T]: HandlerIn<T[K]> }>
    & PathKeys<T>;

/** Targets by the prefix of the path. */
export type Targets<H = Handler> = Readonly<
  Record<`/${string}`, TargetPlace<H> | TargetOptions<H>>
>;

/**
 * Forwards requests to upstream servers by the prefix of their path, and passes other requests to
 * the wrapped handler. As in {@linkcode dispatch}, the longest prefix wins, and prefixes match
 * whole segments. Bodies are streamed in both directions.
 *
 * Hop-by-hop fields are removed in both directions (RFC 9110 §7.6.1). Redirects are passed on, with
 * references to the upstream rewritten. A response that is cut arrives cut.
 *
 * Responses of the proxy itself say why in `Proxy-Status` (RFC 9209):
 *
 * - 502 if the upstream cannot be reached or its response is not valid (RFC 9110 §15.6.3), or if
 *   the request has passed this proxy before.
 * - 504 if there was no connection, or no response, in time (RFC 9110 §15.6.5).
 * - 503 with `Retry-After` if the `limit` of the target is reached, or no upstream is healthy and
 *   its `health` is strict (RFC 9110 §15.6.4).
 * - 501 for a method that the runtime cannot forward unchanged, or an unknown transfer coding.
 * - 417 for an expectation other than `100-continue`.
 * - 408 if the client stops sending its content.
 * - 405 for CONNECT and TRACE.
 * - 400 if the URL of the request has no valid host or path, or its length is ambiguous.
 * - 204 for OPTIONS with `Max-Forwards: 0` (RFC 9110 §7.6.2).
 *
 * Connections are upgraded, as for WebSocket, if the upstream agrees and the host can:
 * `handwerk/node`, `Deno.serve`, `Bun.serve` with {@linkcode bunWebSocket}, and Cloudflare Workers.
 * Other hosts ignore `Upgrade` (RFC 9110 §7.8).
 *
 * @param targets URLs, lists of URLs, handlers or {@linkcode TargetOptions} by prefix; or one of
 * these for every path.
 * @param options See {@linkcode ProxyOptions}.
 * @returns A middleware. It needs the platform arguments that the handlers among the targets need.
 * @throws {TypeError} If a prefix is not a path, a target is not an http URL, or an option is wrong
 * or not supported by the runtime. The handler rejects with one if the content of a request was
 * read before.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 *
 * const app = proxy({
 *   "/api": "http://127.0.0.1:5001/",
 *   "/static": { target: "http://127.0.0.1:5002/files", removePrefix: true },
 * })(notFound);
 * console.log((await app(new Request("http://localhost/elsewhere"))).status); // 404
 * ```
 */
export function proxy<T extends Targets<AnyHandler> | AnyTarget>(
  targets: T & KnownTargets<T>,
  options: ProxyOptions = {},
): Middleware<ProxyNeeds<T>> {
  const settings = readProxyOptions(options);
  const table = isPlace(targets) || isOptions(targets as AnyTarget)
    ? { "/": targets as AnyTarget }
    : targets as Targets<AnyHandler>;
  const find = longestPrefix(
    "proxy: the prefix",
    Object.entries<AnyTarget>(table).map(([prefix, value]) => {
      const target = readTarget(`the target of ${JSON.stringify(prefix)}`, value, settings);
      return [prefix, scoped(target, configuredPath("proxy: the prefix", prefix))] as const;
    }),
  );
  return wrapping("proxy", (passOn) =>
    mountAware((request, mount, args) => {
      const found = find(mount.canonical);
      if (!found) return passOn(request, mount, args);
      const { value: target, end } = found;
      const inner = target.removePrefix ? descend(mount, end) : mount;
      return forward(request, inner, target, args, settings);
    }));
}

/**
 * Forwards every request to one target: {@linkcode proxy} as a handler, for example in
 * {@linkcode dispatch}. Below a mount, the path is the one behind the mount.
 *
 * @param target A URL, several URLs, a service binding, a handler, or {@linkcode TargetOptions}.
 * `removePrefix` has no effect.
 * @param options See {@linkcode ProxyOptions}.
 * @returns A handler.
 * @throws {TypeError} As {@linkcode proxy} does.
 *
 * @example
 * ```ts
 * import { dispatch, notFound, proxyTo } from "@handwerk/handwerk";
 *
 * const app = dispatch({ "/blog": proxyTo("http://127.0.0.1:5001/") })(notFound);
 * console.log((await app(new Request("http://localhost/elsewhere"))).status); // 404
 * ```
 */
export function proxyTo<T extends AnyTarget>(
  target: T & KnownOptions<T>,
  options: ProxyOptions = {},
): Handler<TargetNeeds<T>> {
  const settings = readProxyOptions(options);
  return handlerOf(readTarget("the target", target, settings), settings);
}

function handlerOf<Args extends readonly unknown[]>(
  target: Target,
  settings: ProxySettings,
): Handler<Args> {
  return mountAware(
    (request, mount, args) => forward(request, mount, target, args, settings),
    (request) => ownResponse(request, settings.pseudonym(), BAD_REQUEST),
  );
}

/** A request that a proxy would send. */
export interface Inspection {
  /** Its URL. */
  readonly url: string;
  /** Its method. */
  readonly method: string;
  /** Its `Host` field. */
  readonly host: string;
  /** Its other fields, without those of its framing. */
  readonly fields: readonly Field[];
  /** The framing of its content: no content, of a known length, or in chunks. */
  readonly framing: "none" | "length" | "chunked";
}

/**
 * Shows what {@linkcode proxyTo} would send for a request, without sending it: to try a
 * configuration, and to test it.
 *
 * @param target See {@linkcode proxyTo}.
 * @param options See {@linkcode ProxyOptions}.
 * @returns A function of a request and the platform arguments. It resolves to the request that
 * would be sent, or to the response of the proxy if it would refuse the request.
 * @throws {TypeError} As {@linkcode proxyTo} does.
 *
 * @example
 * ```ts
 * import { inspect } from "@handwerk/handwerk/proxy";
 *
 * const look = inspect("http://127.0.0.1:5001/app", { via: false, clientAddress: () => "::1" });
 * const sent = await look(new Request("http://localhost/x?q", { headers: { te: "trailers" } }));
 * if (sent instanceof Response) throw new Error("refused");
 * console.log(sent.method, sent.url, sent.host); // GET http://127.0.0.1:5001/app/x?q 127.0.0.1:5001
 * console.log(sent.fields.join(" ")); // x-forwarded-for,::1 x-forwarded-proto,http x-forwarded-host,localhost x-forwarded-port,80
 * ```
 */
export function inspect<T extends AnyTarget>(
  target: T & KnownOptions<T>,
  options: ProxyOptions = {},
): (request: Request, ...args: TargetNeeds<T>) => Promise<Inspection | Response> {
  const settings = { ...readProxyOptions(options), onResponse: undefined };
  const checked = readTarget("the target", withoutEffects(target), settings);
  return async (request, ...args) => {
    const sent: OutgoingRequest[] = [];
    const handler = handlerOf<TargetNeeds<T>>(checked, {
      ...settings,
      inspect(outgoing) {
        sent.push(outgoing);
        return { status: 204, reason: "", fields: [], body: null };
      },
    });
    const response = await handler(request, ...args);
    return sent[0] ? inspection(sent[0]) : response;
  };
}

/** The target without the options that count requests, or send more of them. */
function withoutEffects(target: AnyTarget): AnyTarget {
  if (!isOptions(target)) return target;
  const { retry: _r, health: _h, limit: _l, mirror: _m, ...rest } = target;
  return rest;
}

function inspection({ url, method, host, fields, body }: OutgoingRequest): Inspection {
  const sized = fields.some(([name]) => name === "content-length");
  const framing = body === null ? "none" : sized ? "length" : "chunked";
  return { url: url.href, method, host, fields, framing };
}
