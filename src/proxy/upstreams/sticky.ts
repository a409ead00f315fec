/**
 * The same upstream for the same client, by a cookie that the proxy sets.
 *
 * @module
 */
import { hash } from "../../http/hash.ts";
import { callback, checkOptions, type Checks, LONGEST, text, whole } from "../../config.ts";
import { roundRobin } from "./balancers.ts";
import type { Balancer, Upstream } from "./types.ts";
import { cookieValue } from "./hash_by.ts";

/** Options of {@linkcode stickyCookie}. */
export interface StickyCookieOptions {
  /** How long a client keeps the cookie, in seconds. Default: until the browser is closed. */
  readonly maxAge?: number;
  /** Chooses for clients without the cookie, or whose upstream is gone. Default {@linkcode roundRobin}. */
  readonly otherwise?: Balancer;
}

const OPTIONS: Checks<StickyCookieOptions> = {
  maxAge: whole(1, LONGEST, "whole seconds, a number"),
  otherwise: callback,
};
/** RFC 6265 §4.1.1: a token. */
const NAME = /^[\w!#$%&'*+\-.^`|~]+$/;

/**
 * Sends a client to the upstream that answered it first, as long as that is there and well: the proxy
 * sets a cookie. Its value is a hash of the upstream's URL, so that every proxy with the same
 * upstreams understands it. It tells nobody the URL, but who guesses it can tell.
 *
 * The cookie is `HttpOnly` and `SameSite=Lax`, `Secure` where the client came with TLS, and for the
 * path of the target alone.
 *
 * @param name The name of the cookie. Default `"upstream"`.
 * @param options See {@linkcode StickyCookieOptions}.
 * @returns A value for the option `balance`.
 * @throws {TypeError} When the name is none, or an option is wrong.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { stickyCookie } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": { target: ["http://10.0.0.1/", "http://10.0.0.2/"], balance: stickyCookie() },
 * })(notFound);
 * ```
 */
export function stickyCookie(name = "upstream", options: StickyCookieOptions = {}): Balancer {
  text('a token such as "upstream"', NAME)(name, "stickyCookie: the name");
  checkOptions("stickyCookie", options, OPTIONS);
  const { maxAge, otherwise = roundRobin() } = options;
  const ids = new WeakMap<Upstream, string>();
  const idOf = (upstream: Upstream): string => {
    const id = ids.get(upstream) ?? identify(upstream);
    ids.set(upstream, id);
    return id;
  };
  const balance = (upstreams: readonly Upstream[], asked: Parameters<Balancer>[1]): Upstream => {
    const wanted = cookieValue(asked.request.headers, name);
    return upstreams.find((upstream) => idOf(upstream) === wanted) ?? otherwise(upstreams, asked);
  };
  const cookie: Balancer["cookie"] = (upstream, headers, { path, secure }) => {
    const id = idOf(upstream);
    if (cookieValue(headers, name) === id) return undefined;
    const attributes = [
      `Path=${/^\/[^;,]*$/.test(path) ? path : "/"}`,
      ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`]),
      "HttpOnly",
      "SameSite=Lax",
      ...(secure ? ["Secure"] : []),
    ];
    return [`${name}=${id}`, ...attributes].join("; ");
  };
  return Object.assign(balance, { cookie });
}

function identify({ url: { href } }: Upstream): string {
  return [href, `${href} `].map((text) => hash(text).toString(36)).join("");
}
