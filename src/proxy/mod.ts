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
export type { Field } from "../http/connection.ts";
export { proxy, type ProxyOptions, type Targets } from "./proxy.ts";
export type { TargetOptions } from "./target.ts";
export type {
  Capability,
  Connection,
  IncomingResponse,
  OutgoingRequest,
  TlsOptions,
  Transport,
  Tunnel,
} from "./transport.ts";
