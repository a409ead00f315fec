/**
 * The options of a target that say how its upstreams are used.
 *
 * @module
 */
import type { Refuse } from "../connection.ts";
import { roundRobin } from "./balancers.ts";
import type { Balancer, Health } from "./candidate.ts";
import type { Limit } from "./concurrency.ts";
import type { Retry } from "./retries.ts";

/** How upstreams are used. */
export interface PoolOptions {
  /** Chooses the upstream for a request, of several. Default {@linkcode roundRobin}. */
  readonly balance?: Balancer;
  /** Whether requests are sent again, see {@linkcode retries}. Default never. */
  readonly retry?: Retry;
  /** Which upstreams are well, see {@linkcode ejection} and {@linkcode checks}. Default all. */
  readonly health?: Health | readonly Health[];
  /** How many requests there may be at a time, see {@linkcode concurrency}. Default any number. */
  readonly limit?: Limit;
}

/** Checked options. */
export interface Together {
  readonly balance: Balancer;
  readonly healths: readonly Health[];
  readonly retry: Retry | undefined;
  readonly limit: Limit | undefined;
}

/**
 * Checks the options.
 *
 * @throws {TypeError} Naming the target, the option and the remedy.
 */
export function readPool(options: PoolOptions, refuse: Refuse): Together {
  const { balance = roundRobin(), retry, limit } = options;
  const healths = [options.health ?? []].flat() as readonly Health[];
  if (typeof balance !== "function") refuse(": balance must be one such as leastInFlight()");
  if (retry !== undefined && typeof retry?.wait !== "function") {
    refuse(": retry must be one such as retries()");
  }
  if (healths.some((health) => typeof health?.admits !== "function")) {
    refuse(": health must be one such as ejection(), or a list of them");
  }
  if (limit !== undefined && typeof limit?.enter !== "function") {
    refuse(": limit must be one such as concurrency(100)");
  }
  return { balance, healths, retry, limit };
}
