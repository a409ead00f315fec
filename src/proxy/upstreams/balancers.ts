/**
 * Load balancing: each policy chooses one of several upstreams.
 *
 * @module
 */
import {
  callback,
  checkOptions,
  type Checks,
  fail,
  isRecord,
  LONGEST,
  requireSync,
  text,
  whole,
} from "../../config.ts";
import { readCookie } from "../../http/cookies.ts";
import { hash } from "../../http/hash.ts";
import type { Balancer, SelectionContext, Upstream } from "./types.ts";

/**
 * Takes turns, smoothly by weight: with the weights 5, 1 and 1 the order is `a a b a c a a`, not five
 * times `a` in a row. The default for several upstreams.
 *
 * @returns A value for the option `balance`.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { roundRobin } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": {
 *     target: [{ url: "http://10.0.0.1/", weight: 5 }, "http://10.0.0.2/", "http://10.0.0.3/"],
 *     balance: roundRobin(),
 *   },
 * })(notFound);
 * ```
 */
export function roundRobin(): Balancer {
  const credits = new WeakMap<Upstream, number>();
  return (upstreams) => {
    let total = 0;
    let best = firstOf(upstreams);
    let highest = -Infinity;
    for (const upstream of upstreams) {
      const credit = (credits.get(upstream) ?? 0) + upstream.weight;
      credits.set(upstream, credit);
      total += upstream.weight;
      if (credit > highest) [best, highest] = [upstream, credit];
    }
    credits.set(best, highest - total);
    return best;
  };
}

/**
 * Chooses the upstream with the fewest requests in flight for its weight. A request is in flight
 * until the end of its response. Useful where some requests take much longer than others.
 *
 * @returns A value for the option `balance`.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { leastConnections } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": { target: ["http://10.0.0.1/", "http://10.0.0.2/"], balance: leastConnections() },
 * })(notFound);
 * ```
 */
export function leastConnections(): Balancer {
  let turn = 0;
  return (upstreams) => {
    // Upstreams with equal loads take turns: with few requests, the first would get all of them.
    const start = turn++ % upstreams.length;
    const turned = [...upstreams.slice(start), ...upstreams.slice(0, start)];
    return turned.reduce((least, upstream) => load(upstream) < load(least) ? upstream : least);
  };
}

/**
 * Chooses two upstreams at random, and of these the one with fewer requests in flight for its
 * weight. Nearly as even as {@linkcode leastConnections}, and many proxies in front of the same
 * upstreams do not all choose the same one.
 *
 * @returns A value for the option `balance`.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { randomTwo } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": { target: ["http://10.0.0.1/", "http://10.0.0.2/"], balance: randomTwo() },
 * })(notFound);
 * ```
 */
export function randomTwo(): Balancer {
  return (upstreams) => {
    const count = upstreams.length;
    const i = Math.floor(Math.random() * count);
    const one = upstreams[i] ?? firstOf(upstreams);
    if (count === 1) return one;
    // An offset other than 0, so that the two differ.
    const other = upstreams[(i + 1 + Math.floor(Math.random() * (count - 1))) % count] ?? one;
    return load(other) < load(one) ? other : one;
  };
}

/** The load of an upstream with one more request. */
function load({ inFlight, weight }: Upstream): number {
  return (inFlight + 1) / weight;
}

/**
 * Chooses the first available upstream; the others are on standby. Without the option `health`, every
 * upstream is available.
 *
 * @returns A value for the option `balance`.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { first, passiveHealth, retries } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": {
 *     target: ["http://primary/", "http://standby/"],
 *     balance: first(),
 *     health: passiveHealth(),
 *     retry: retries(),
 *   },
 * })(notFound);
 * ```
 */
export function first(): Balancer {
  return firstOf;
}

function firstOf([upstream]: readonly Upstream[]): Upstream {
  if (!upstream) throw new TypeError("a balancer needs an upstream to choose from");
  return upstream;
}

/**
 * What requests to the same upstream have in common: the address of the client, the path, a request
 * header, a cookie, or the result of a function, which returns `undefined` for no key.
 */
export type HashKey =
  | "address"
  | "path"
  | { readonly header: string }
  | { readonly cookie: string }
  | ((context: SelectionContext) => string | undefined);

/**
 * Sends requests with the same key to the same upstream, by rendezvous hashing: every proxy makes the
 * same choice; an upstream that is added takes over its share of the keys, and no other key moves; the
 * keys of an upstream that is removed spread over all others. A client that sets the key chooses the
 * upstream.
 *
 * @param key See {@linkcode HashKey}.
 * @param fallback The policy for requests without the key. Default {@linkcode roundRobin}.
 * @returns A value for the option `balance`.
 * @throws {TypeError} When the key is not valid.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { hashBy } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": {
 *     target: ["http://10.0.0.1/", "http://10.0.0.2/"],
 *     balance: hashBy({ cookie: "session" }),
 *   },
 * })(notFound);
 * ```
 */
export function hashBy(key: HashKey, fallback: Balancer = roundRobin()): Balancer {
  const keyOf = keyReader(key);
  if (typeof fallback !== "function") {
    fail("hashBy: the policy for requests without the key", fallback, "one such as roundRobin()");
  }
  return (upstreams, context) => {
    const value = keyOf(context);
    if (!value) return fallback(upstreams, context);
    return upstreams.reduce((best, upstream) =>
      score(upstream, value) > score(best, value) ? upstream : best
    );
  };
}

/** RFC 9110 §5.6.2, RFC 6265 §4.1.1: the names of headers and of cookies are tokens. */
const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;

function keyReader(key: HashKey): (context: SelectionContext) => string | undefined {
  if (typeof key === "function") return (context) => requireSync("hashBy: the key", key(context));
  if (key === "address") return ({ clientAddress }) => clientAddress;
  if (key === "path") return ({ request }) => URL.parse(request.url)?.pathname;
  if (!isRecord(key) || Object.keys(key).length !== 1) {
    return fail("hashBy: the key", key, '"address", "path", { header }, { cookie } or a function');
  }
  const { header, cookie } = key as { header?: unknown; cookie?: unknown };
  const name = header ?? cookie;
  if (typeof name !== "string" || !TOKEN.test(name)) {
    return fail("hashBy: the name in the key", name, 'a token such as "x-user" or "session"');
  }
  return header === undefined
    ? ({ request: { headers } }) => readCookie(headers.get("cookie"), name)
    : ({ request: { headers } }) => headers.get(name) ?? undefined;
}

/** Turns a uniform hash into a score whose maximum is distributed by weight. */
function score({ url, weight }: Upstream, key: string): number {
  return -weight / Math.log((hash(`${url.href} ${key}`) + 0.5) / 2 ** 32);
}

/** Options of {@linkcode stickyCookie}. */
export interface StickyCookieOptions {
  /**
   * How long a client keeps the cookie, in seconds.
   *
   * @default until the browser is closed
   */
  readonly maxAge?: number;
  /**
   * The policy for clients without the cookie, or whose upstream is not available.
   *
   * @default roundRobin()
   */
  readonly fallback?: Balancer;
}

const STICKY_OPTIONS: Checks<StickyCookieOptions> = {
  maxAge: whole(1, LONGEST, "whole seconds, a number"),
  fallback: callback,
};

/**
 * Sends a client to the same upstream, by a cookie that the proxy sets, while that upstream is
 * available. The value of the cookie is a hash of the upstream's URL, so that all proxies with the same
 * upstreams understand it. It does not reveal the URL, but a guess can be verified.
 *
 * The cookie is `HttpOnly` and `SameSite=Lax`, `Secure` for clients with TLS, and valid for the path
 * of the target only.
 *
 * @param name The name of the cookie. Default `"upstream"`.
 * @param options See {@linkcode StickyCookieOptions}.
 * @returns A value for the option `balance`.
 * @throws {TypeError} When the name or an option is not valid.
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
  text('a token such as "upstream"', TOKEN)(name, "stickyCookie: the name");
  checkOptions("stickyCookie", options, STICKY_OPTIONS);
  const { maxAge, fallback = roundRobin() } = options;
  const balance = (upstreams: readonly Upstream[], context: SelectionContext): Upstream => {
    const id = readCookie(context.request.headers.get("cookie"), name);
    return upstreams.find((upstream) => stickyId(upstream) === id) ?? fallback(upstreams, context);
  };
  const cookie: Balancer["cookie"] = (upstream, headers, { path, secure }) => {
    const id = stickyId(upstream);
    if (readCookie(headers.get("cookie"), name) === id) return undefined;
    const age = maxAge === undefined ? "" : `; Max-Age=${maxAge}`;
    return `${name}=${id}; Path=${/^\/[^;,]*$/.test(path) ? path : "/"}${age}; HttpOnly; ` +
      `SameSite=Lax${secure ? "; Secure" : ""}`;
  };
  return Object.assign(balance, { cookie });
}

function stickyId({ url: { href } }: Upstream): string {
  return hash(href).toString(36) + hash(`${href} `).toString(36);
}
