/**
 * Connections that end at once, and do not look as if they had come to their end.
 *
 * @module
 */
import type { Socket } from "node:net";
import { carrierOf } from "./peer.ts";

/** Resets a connection: the system forgets what it has not sent of it. */
export function resetConnection(socket: Socket): void {
  const carrier = carrierOf(socket);
  // Unix sockets cannot be reset, and have no address.
  if (carrier.localAddress === undefined) socket.destroy();
  else carrier.resetAndDestroy();
}
