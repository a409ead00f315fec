/**
 * Forwards requests to upstream servers.
 *
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 *
 * const app = proxy({ "/api": "http://127.0.0.1:5001/" })(notFound);
 * console.log((await app(new Request("http://localhost/elsewhere"))).status); // 404
 * ```
 *
 * @module
 */
export type { Field } from "../http/hop_by_hop.ts";
export type { Clock } from "./clock.ts";
export type { ConnectionOptions } from "./connection_options.ts";
export { inspect, type Inspection } from "./inspect_target.ts";
export type { ProxyOptions, Timeouts } from "./proxy_options.ts";
export { type KnownTargets, proxy, type ProxyNeeds, type Targets } from "./proxy.ts";
export { proxyTo } from "./proxy_to.ts";
export {
  type BunSocket,
  bunWebSocket,
  type BunWebSocketHandlers,
} from "../platform/bun_adapter.ts";
export type {
  AnyTarget,
  HandlerIn,
  KnownOptions,
  MirrorTarget,
  TargetNeeds,
  TargetOptions,
  UnknownOption,
} from "./target.ts";
export type { TargetPlace } from "./target_place.ts";
export type {
  Capability,
  Connection,
  IncomingResponse,
  OutgoingRequest,
  TlsOptions,
  Transport,
  Tunnel,
} from "../transport/transport.ts";
export type { Fetcher } from "../handler.ts";
export type { WeightedUrl } from "./upstream.ts";
export { first, leastConnections, randomTwo, roundRobin } from "./upstreams/balancers.ts";
export type {
  AttemptEvent,
  Balancer,
  CookieScope,
  Health,
  SelectionContext,
  Upstream,
} from "./upstreams/types.ts";
export { capacity } from "./upstreams/capacity.ts";
export {
  type ActiveHealth,
  activeHealth,
  type ActiveHealthOptions,
} from "./upstreams/active_health.ts";
export { concurrency, type ConcurrencyOptions, type Limit } from "./upstreams/concurrency.ts";
export { passiveHealth, type PassiveHealthOptions } from "./upstreams/passive_health.ts";
export { type UpstreamList, upstreamList } from "./upstreams/list.ts";
export { type Mirror, type MirrorOptions, mirrorTo, type SendCopy } from "./upstreams/mirror.ts";
export type { PoolOptions } from "./upstreams/pool_options.ts";
export { hashBy, type HashKey } from "./upstreams/hash_by.ts";
export {
  type FailedAttempt,
  retries,
  type RetriesOptions,
  type Retry,
} from "./upstreams/retries.ts";
export { stickyCookie, type StickyCookieOptions } from "./upstreams/sticky.ts";
export { slowStart, type SlowStartOptions } from "./upstreams/slow_start.ts";
