/**
 * What `here.ts` does, for bundles that run where there is nothing but `fetch`.
 *
 * @module
 */
import type { Transport } from "../transport/transport.ts";
import { builtinIfAny } from "../runtime.ts";
import { workersTransport } from "./workers_adapter.ts";

/**
 * Sends with `fetch`.
 *
 * @throws {TypeError} On a runtime that the bundle was not made for. Its `fetch` would work, and
 * pass content on decoded as if it were not.
 */
export function currentTransport(): Transport {
  if (builtinIfAny("node:module") && !("WebSocketPair" in globalThis)) {
    throw new TypeError(
      "proxy: this bundle is for Workers or browsers; bundle for the runtime that it is to run on, " +
        'such as with the platform "node"',
    );
  }
  return workersTransport();
}

/** None: a connection is not relayed there. */
export function currentUpgrader(): undefined {
  return undefined;
}
