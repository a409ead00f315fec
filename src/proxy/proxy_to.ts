/**
 * The handler that forwards every request.
 *
 * @module
 */
import type { Handler } from "../handler.ts";
import { mountAware } from "../mount.ts";
import { ownResponse } from "./errors.ts";
import { type Forward, forwarder } from "./pipeline.ts";
import { type ProxyOptions, type ProxySettings, readProxyOptions } from "./proxy_options.ts";
import { type AnyTarget, type KnownOptions, readTarget, type TargetNeeds } from "./target.ts";
import type { Target } from "./types.ts";

/**
 * Forwards every request to one target: {@linkcode proxy} for where a handler is wanted, such as in
 * {@linkcode dispatch}. Below a mount, the path is the one behind the mount.
 *
 * @param target A URL, several URLs, a service binding, a handler, or {@linkcode TargetOptions};
 * there is no prefix that `removePrefix` could take off.
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
  return leaf(readTarget("the target", target, settings), forwarder(settings), settings);
}

/** The handler that forwards to a checked target. */
export function leaf<Args extends readonly unknown[]>(
  target: Target,
  forward: Forward,
  { pseudonym }: ProxySettings,
): Handler<Args> {
  return mountAware(
    (request, place, args) => forward(request, place, target, args),
    (request) => ownResponse(request, pseudonym(), { status: 400, type: "http_request_error" }),
  );
}
