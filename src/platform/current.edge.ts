/**
 * `current.ts` for bundles that run on Workers or in browsers.
 *
 * @module
 */
import { hostRequestOf } from "../host/host_request.ts";
import { builtinIfAny, runtimeName } from "../runtime.ts";
import type { Transport } from "../transport/transport.ts";
import { hostUpgrader, type Upgrader } from "../transport/tunnel.ts";
import { workersTransport } from "./workers_adapter.ts";

export { makeResponse as respondZeroCopy } from "../host/make_response.ts";

/**
 * Sends with `fetch`.
 *
 * @throws {TypeError} On Node, Deno and Bun, whose `fetch` would pass on decoded content as if it
 * were not decoded.
 */
export function runtimeTransport(): Transport {
  if (builtinIfAny("node:module") && runtimeName() !== "Workers") {
    throw new TypeError(
      "proxy: this bundle is for Workers or browsers; bundle for the runtime that it is to run on, " +
        'such as with the platform "node"',
    );
  }
  return workersTransport();
}

/** How the connection of a client is upgraded, or `undefined` where it cannot be. */
export function upgraderOf(request: Request): Upgrader | undefined {
  const can = hostRequestOf(request)?.upgradable || runtimeName() === "Workers";
  return can ? hostUpgrader : undefined;
}
