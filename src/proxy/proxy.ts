/**
 * The middleware that forwards requests.
 *
 * @module
 */
import type { AnyHandler, Handler, Middleware, PathKeys, SameNeeds } from "../handler.ts";
import { configuredPath } from "../http/path.ts";
import { longestPrefix } from "../http/prefix_tree.ts";
import { descend, mountAware, wrapping } from "../mount.ts";
import { forwarder } from "./pipeline.ts";
import { type ProxyOptions, readProxyOptions } from "./proxy_options.ts";
import { isPlace, type TargetPlace } from "./target_place.ts";
import {
  type AnyTarget,
  type HandlerIn,
  isOptions,
  type KnownOptions,
  readTarget,
  scoped,
  type TargetNeeds,
  type TargetOptions,
} from "./target.ts";

/** The platform arguments that targets need: those of their handlers. */
export type ProxyNeeds<T> = TargetNeeds<T extends AnyTarget ? T : T[keyof T]>;

/** Takes options that there are not, and needs that differ, for errors where they are written. */
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
 * Forwards requests to upstream servers by the prefix of their path, and hands every other request
 * to the wrapped handler. Prefixes match as in {@linkcode dispatch}: the longest wins, and each ends
 * where a segment ends. Content streams in both directions as it comes.
 *
 * Fields of the connection stay behind in both directions, also those that `Connection` names (RFC
 * 9110 §7.6.1). Redirects are passed on, with references to the upstream changed to where the client
 * finds it. A response that is cut arrives cut.
 *
 * What the proxy answers itself says why in `Proxy-Status` (RFC 9209):
 *
 * - 502 when the upstream cannot be reached or its answer is no HTTP response (RFC 9110 §15.6.3), or
 *   when the request has passed this proxy before.
 * - 504 when it could not be connected to, or did not begin its answer, in time (RFC 9110 §15.6.5).
 * - 503 with `Retry-After` when the `limit` of the target is reached, or no upstream is well and its
 *   `health` is strict (RFC 9110 §15.6.4).
 * - 501 for a method that the runtime cannot forward as it is, or an unknown transfer coding.
 * - 417 for an expectation other than `100-continue`.
 * - 405 for CONNECT and TRACE.
 * - 400 when the URL of the request has no valid host or path, or its length is ambiguous.
 * - 204 to OPTIONS with `Max-Forwards: 0` (RFC 9110 §7.6.2).
 *
 * A connection is upgraded, as for WebSocket, where the host can and the upstream agrees: by the
 * servers of `handwerk/node`, by `Deno.serve`, by `Bun.serve` with {@linkcode bunWebSocket}, and on
 * Cloudflare Workers. Elsewhere the wish is ignored (RFC 9110 §7.8).
 *
 * @param targets URLs, several URLs, handlers or {@linkcode TargetOptions} by prefix; or one of these
 * for every path.
 * @param options See {@linkcode ProxyOptions}.
 * @returns A middleware. When targets are handlers that take platform arguments, so does what it
 * returns.
 * @throws {TypeError} When a prefix is no path, a target is no http URL, or an option has a value
 * that is wrong or cannot be honoured on this runtime. The handler rejects with one when the
 * content of a request was read before it came here.
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
  const forward = forwarder(settings);
  const find = longestPrefix(
    "proxy: the prefix",
    tableOf(targets).map(([prefix, value]) =>
      [
        prefix,
        scoped(
          readTarget(`the target of ${JSON.stringify(prefix)}`, value, settings),
          configuredPath("proxy: the prefix", prefix),
        ),
      ] as const
    ),
  );
  return wrapping("proxy", (passOn) =>
    mountAware((request, place, args) => {
      const found = find(place.canonical);
      if (!found) return passOn(request, place, args);
      const { value: target, end } = found;
      return forward(request, target.removePrefix ? descend(place, end) : place, target, args);
    }));
}

function tableOf(targets: Targets<AnyHandler> | AnyTarget): (readonly [string, AnyTarget])[] {
  return isPlace(targets) || isOptions(targets as AnyTarget)
    ? [["/", targets as AnyTarget]]
    : Object.entries(targets as Targets<AnyHandler>);
}
