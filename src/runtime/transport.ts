/**
 * The transport of the runtime at hand, chosen when the first proxy is built.
 *
 * @module
 */
import type { Transport } from "../proxy/transport.ts";
import { bunTransport } from "./bun.ts";
import { denoTransport } from "./deno.ts";
import { nodeTransport } from "./node.ts";
import { workersTransport } from "./workers.ts";

let chosen: Transport | undefined;

/** How requests are sent on this runtime. */
export function runtimeTransport(): Transport {
  return chosen ??= choose(globalThis);
}

/** Sets the transport of Node, for a host that has undici; Deno and Bun serve with that host, too. */
export function setNodeTransport(transport: Transport): void {
  if (!("Deno" in globalThis || "Bun" in globalThis)) chosen = transport;
}

function choose(runtime: object): Transport {
  if ("Deno" in runtime) return denoTransport();
  if ("Bun" in runtime) return bunTransport();
  // Workers with Node compatibility have a `process`, too, but no agent that could connect.
  if ("process" in runtime && !("WebSocketPair" in runtime)) return nodeTransport();
  return workersTransport();
}
