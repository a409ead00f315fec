/**
 * What the runtime at hand does of its own, whichever it is. A bundle for Workers or for browsers
 * has `edge.ts` in its place: the field `browser` of `package.json` says so.
 *
 * @module
 */
import type { Transport } from "../transport/transport.ts";
import { bunTransport } from "./bun_adapter.ts";
import { denoTransport } from "./deno_adapter.ts";
import { nodeTransport } from "./node_adapter.ts";
import type { Upgrader } from "../transport/tunnel.ts";
import { upgradeBun, upgradeDeno } from "../transport/websocket/runtime_sockets.ts";
import { workersTransport } from "./workers_adapter.ts";

/** How requests are sent on the runtime at hand. */
export function currentTransport(): Transport {
  if ("Deno" in globalThis) return denoTransport();
  if ("Bun" in globalThis) return bunTransport();
  // Workers with Node compatibility have a `process`, too, but no agent that could connect.
  if ("process" in globalThis && !("WebSocketPair" in globalThis)) return nodeTransport();
  return workersTransport();
}

/**
 * How the client's connection becomes a WebSocket where the runtime does not give it away, or
 * `undefined` where it cannot become one.
 *
 * @param request The request as the host passed it.
 * @param args What it passed after the request: `server` on Bun.
 */
export function currentUpgrader(request: Request, args: readonly unknown[]): Upgrader | undefined {
  const relaying = { relays: true, signals: false };
  if ("Deno" in globalThis) {
    return { ...relaying, upgrade: (tunnel) => upgradeDeno(request, tunnel) };
  }
  const server = args[0] as Parameters<typeof upgradeBun>[2] | undefined;
  if ("Bun" in globalThis && typeof server?.upgrade === "function") {
    return { ...relaying, upgrade: (tunnel) => upgradeBun(request, tunnel, server) };
  }
  return undefined;
}
