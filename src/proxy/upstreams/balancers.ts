/**
 * Ways to choose an upstream that need to know the upstreams alone.
 *
 * @module
 */
import type { Balancer, Upstream } from "./types.ts";

/**
 * Chooses the upstreams in turn, each as often as its weight says, and evenly: with the weights 5, 1
 * and 1 the order is `a a b a c a a`, not five times `a` in a row. The default for several upstreams.
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
    let best: Upstream | undefined;
    let most = -Infinity;
    for (const upstream of upstreams) {
      const credit = (credits.get(upstream) ?? 0) + upstream.weight;
      credits.set(upstream, credit);
      total += upstream.weight;
      if (credit > most) [best, most] = [upstream, credit];
    }
    const chosen = best ?? firstOf(upstreams);
    credits.set(chosen, most - total);
    return chosen;
  };
}

/**
 * Chooses the upstream with the fewest requests in flight for its weight. A request is in flight
 * until its response has ended. Good where some requests take much longer than others.
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
    // Those with equal loads take turns, else a quiet site would know its first upstream only.
    const start = turn++ % upstreams.length;
    const turned = [...upstreams.slice(start), ...upstreams.slice(0, start)];
    return turned.reduce((least, upstream) => load(upstream) < load(least) ? upstream : least);
  };
}

/**
 * Chooses two upstreams at random, and of these the one with fewer requests in flight for its
 * weight. Nearly as even as {@linkcode leastConnections}, and where many proxies stand before the same
 * upstreams they do not all run to the same one.
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

/**
 * Chooses the first upstream that is well: the others stand by. Upstreams are well as long as the
 * option `health` does not know otherwise.
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

/** What the upstream would have to do, the request at hand included. */
function load(upstream: Upstream): number {
  return (upstream.inFlight + 1) / upstream.weight;
}

function firstOf(upstreams: readonly Upstream[]): Upstream {
  const [upstream] = upstreams;
  if (!upstream) throw new TypeError("a balancer must be given an upstream");
  return upstream;
}
