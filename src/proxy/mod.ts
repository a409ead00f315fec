/**
 * Forwards requests to upstream servers.
 *
 * ```ts
 * import { notFound } from "@handwerk/handwerk";
 * import { proxy } from "@handwerk/handwerk";
 *
 * const app = proxy({ "/api": "http://127.0.0.1:5001/" })(notFound);
 * console.log((await app(new Request("http://localhost/elsewhere"))).status); // 404
 * ```
 *
 * @module
 */
export type { Field } from "../http/fields.ts";
export type { ProxyOptions, Timeouts } from "./proxy_options.ts";
export {
  inspect,
  type Inspection,
  type KnownTargets,
  proxy,
  type ProxyNeeds,
  proxyTo,
  type Targets,
} from "./proxy.ts";
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
export type {
  AttemptEvent,
  Balancer,
  CookieScope,
  Health,
  SelectionContext,
  Upstream,
  UpstreamList,
  WeightedUrl,
} from "./upstreams/types.ts";
export type { Limit } from "./upstreams/limits.ts";
export type { Mirror, SendCopy } from "./upstreams/mirror.ts";
export type { FailedAttempt, Retry } from "./upstreams/retries.ts";
export type {
  AnyTarget,
  HandlerIn,
  KnownOptions,
  MirrorTarget,
  TargetNeeds,
  TargetOptions,
  TargetPlace,
  UnknownOption,
} from "./target_options.ts";
