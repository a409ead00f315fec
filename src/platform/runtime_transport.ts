/**
 * The transport of the runtime at hand, chosen when the first proxy is built.
 *
 * @module
 */
import type { Transport } from "../transport/transport.ts";
import { currentTransport } from "./current.ts";

let chosen: Transport | undefined;

/** How requests are sent on this runtime. */
export function runtimeTransport(): Transport {
  return chosen ??= currentTransport();
}
