/**
 * The options of a target that say how its upstreams are used.
 *
 * @module
 */
import { type Checks, is, like, oneOrMore } from "../../config.ts";
import { roundRobin } from "./balancers.ts";
import { type Balancer, type Health, isHealth } from "./types.ts";
import type { Limit } from "./limits.ts";
import type { Retry } from "./retries.ts";

/** How upstreams are used. */
export interface PoolOptions {
  /** Chooses the upstream for a request, of several. Default {@linkcode roundRobin}. */
  readonly balance?: Balancer;
  /** Whether requests are sent again, see {@linkcode retries}. Default never. */
  readonly retry?: Retry;
  /** Which upstreams are well, see {@linkcode passiveHealth} and {@linkcode activeHealth}. Default all. */
  readonly health?: Health | readonly Health[];
  /** How many requests there may be at a time, see {@linkcode concurrency}. Default any number. */
  readonly limit?: Limit;
}

/** Checked options. */
export interface PoolSettings {
  readonly balance: Balancer;
  readonly healths: readonly Health[];
  readonly retry: Retry | undefined;
  readonly limit: Limit | undefined;
}

/** What the options must be. */
export const POOL_OPTIONS: Checks<PoolOptions> = {
  balance: is((value) => typeof value === "function", "one such as leastConnections()"),
  retry: like("one such as retries()", "begin", "wait"),
  health: oneOrMore(isHealth),
  limit: like("one such as concurrency(100)", "enter"),
};

/** The checked options, with their defaults. */
export function readPool(options: PoolOptions): PoolSettings {
  const { balance = roundRobin(), retry, limit } = options;
  return { balance, healths: [options.health ?? []].flat(), retry, limit };
}
