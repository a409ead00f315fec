/**
 * Which way the connection of a request can be upgraded, by the host that received it.
 *
 * @module
 */
import { receivedAs } from "../http/received.ts";
import type { Tunnel } from "../proxy/transport.ts";
import { tunnelResponse } from "./tunnel.ts";
import { upgradeBun, upgradeDeno } from "./websockets.ts";

/** A way to upgrade the client's connection, when the upstream has agreed. */
export interface Upgrader {
  /** Whether messages are relayed: of WebSocket alone, and without its extensions. */
  readonly relays: boolean;
  /** Whether the tunnel ends with the request's signal; else it outlives the request. */
  readonly signals: boolean;
  /** Makes the answer; the tunnel's fields are those that go on to the client. */
  upgrade(tunnel: Tunnel): Response;
}

/**
 * The way, or `undefined` where there is none: then the request to upgrade is to be ignored.
 *
 * @param request The request as the host passed it.
 * @param args What it passed after the request: `server` on Bun.
 */
export function upgraderOf(request: Request, args: readonly unknown[]): Upgrader | undefined {
  if (receivedAs(request)?.upgradable) {
    return { relays: false, signals: true, upgrade: tunnelResponse };
  }
  const relaying = { relays: true, signals: false };
  if ("Deno" in globalThis) {
    return { ...relaying, upgrade: (tunnel) => upgradeDeno(request, tunnel) };
  }
  if ("Bun" in globalThis) {
    const server = args[0] as Parameters<typeof upgradeBun>[2] | undefined;
    if (typeof server?.upgrade !== "function") return undefined;
    return { ...relaying, upgrade: (tunnel) => upgradeBun(request, tunnel, server) };
  }
  // The transport's answer is the tunnel there, and nothing else can be.
  if ("WebSocketPair" in globalThis) {
    return { relays: false, signals: true, upgrade: tunnelResponse };
  }
  return undefined;
}
