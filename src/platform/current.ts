/**
 * Chooses the adapter of the runtime that runs this code. Bundles for Workers and browsers have
 * `current.edge.ts` in its place, by the field `browser` of `package.json`.
 *
 * @module
 */
import { HostRequest, hostRequestOf } from "../host/host_request.ts";
import { makeResponse } from "../host/make_response.ts";
import type { ResponseBody, ResponseHead } from "../host/types.ts";
import { runtimeName } from "../runtime.ts";
import type { Transport } from "../transport/transport.ts";
import { hostUpgrader, type Upgrader } from "../transport/tunnel.ts";
import { bunResponse, bunTransport, bunUpgrader } from "./bun_adapter.ts";
import { denoResponse, denoTransport, denoUpgrader } from "./deno_adapter.ts";
import { nodeTransport } from "./node_adapter.ts";
import { workersTransport } from "./workers_adapter.ts";

let transport: Transport | undefined;

/** How requests are sent; chosen when the first proxy is built. */
export function runtimeTransport(): Transport {
  return transport ??= chooseTransport();
}

function chooseTransport(): Transport {
  switch (runtimeName()) {
    case "Deno":
      return denoTransport();
    case "Bun":
      return bunTransport();
    case "Node":
      return nodeTransport();
    default:
      return workersTransport();
  }
}

/**
 * How the connection of a client is upgraded, or `undefined` where it cannot be: the request to
 * upgrade is then to be ignored.
 *
 * @param request The request as the host passed it.
 * @param args The platform arguments.
 */
export function upgraderOf(request: Request, args: readonly unknown[]): Upgrader | undefined {
  if (hostRequestOf(request)?.upgradable) return hostUpgrader;
  switch (runtimeName()) {
    case "Deno":
      return denoUpgrader(request);
    case "Bun":
      return bunUpgrader(request, args);
    case "Workers":
      return hostUpgrader;
    default:
      return undefined;
  }
}

/** From this many bytes on, a copy costs more than a way around it. */
const MANY = 16 * 1024;

/**
 * Makes a response, whose bytes Deno and Bun send without a copy if they are many. They must not be
 * changed any more.
 */
export function respondZeroCopy(request: object, body: ResponseBody, head: ResponseHead): Response {
  if (body instanceof Uint8Array && body.length >= MANY && !(request instanceof HostRequest)) {
    const name = runtimeName();
    if (name === "Deno") return denoResponse(body, head);
    // A part of other bytes was made for this response, and would be copied into a blob.
    if (name === "Bun" && body.length === body.buffer.byteLength) return bunResponse(body, head);
  }
  return makeResponse(request, body, head);
}
