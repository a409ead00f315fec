/**
 * Policies for several upstreams: load balancing, retries, health checks, limits and mirroring.
 *
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { leastConnections, passiveHealth, retries } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/api": {
 *     target: ["http://10.0.0.1/", "http://10.0.0.2/"],
 *     balance: leastConnections(),
 *     retry: retries(),
 *     health: passiveHealth(),
 *   },
 * })(notFound);
 * console.log((await app(new Request("http://localhost/elsewhere"))).status); // 404
 * ```
 *
 * @module
 */
export {
  first,
  hashBy,
  type HashKey,
  leastConnections,
  randomTwo,
  roundRobin,
  stickyCookie,
  type StickyCookieOptions,
} from "./balancers.ts";
export type {
  AttemptEvent,
  Balancer,
  CookieScope,
  Health,
  Probe,
  SelectionContext,
  Upstream,
  UpstreamList,
  WeightedUrl,
} from "./types.ts";
export { type ActiveHealth, activeHealth, type ActiveHealthOptions } from "./active_health.ts";
export { capacity, concurrency, type ConcurrencyOptions, type Limit } from "./limits.ts";
export { passiveHealth, type PassiveHealthOptions } from "./passive_health.ts";
export { upstreamList } from "./list.ts";
export { type Mirror, type MirrorOptions, mirrorTo, type SendCopy } from "./mirror.ts";
export { type FailedAttempt, retries, type RetriesOptions, type Retry } from "./retries.ts";
export { slowStart, type SlowStartOptions } from "./slow_start.ts";
