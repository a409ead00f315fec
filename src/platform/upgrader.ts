/**
 * Which way the connection of a request can be upgraded, by the host that received it.
 *
 * @module
 */
import { hostRequestOf } from "../host/host_request.ts";
import { currentUpgrader } from "./current.ts";
import { tunnelResponse, type Upgrader } from "../transport/tunnel.ts";

/**
 * The way, or `undefined` where there is none: then the request to upgrade is to be ignored.
 *
 * @param request The request as the host passed it.
 * @param args What it passed after the request: `server` on Bun.
 */
export function upgraderOf(request: Request, args: readonly unknown[]): Upgrader | undefined {
  // On Workers the transport's answer is the tunnel, and nothing else can be.
  if (hostRequestOf(request)?.upgradable || "WebSocketPair" in globalThis) {
    return { relays: false, signals: true, upgrade: tunnelResponse };
  }
  return currentUpgrader(request, args);
}
