/**
 * How long clients of HTTP/1 may take nothing of a response. Each keeps what waits for it in memory,
 * and open what that comes from.
 *
 * @module
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { carrierOf } from "./peer.ts";
import { answerOn } from "./pipelining.ts";
import { resetConnection } from "./reset.ts";
import { Stall } from "./stall.ts";

/**
 * Watches the clients of a server, until it is closed.
 *
 * @param event What tells of the connections that requests come on.
 * @param limit In milliseconds; 0 for none.
 */
export function limitSending(
  server: Server,
  event: "connection" | "secureConnection",
  limit: number,
): void {
  if (limit === 0) return;
  const stalls = new Map<Socket, Stall>();
  server.on(event, (socket: Socket) => {
    stalls.set(socket, new Stall());
    socket.once("close", () => stalls.delete(socket));
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, stall] of stalls) {
      // Tunnels have a limit of their own, and HTTP/2 has streams.
      const waiting = answerOn(socket) ? waitingOn(socket) : 0;
      if (stall.time(waiting, now) > limit) resetConnection(socket);
    }
  }, Math.max(limit / 4, 10));
  timer.unref();
  server.once("close", () => clearInterval(timer));
}

/** What the system has not taken yet; Node's own timeouts of sockets look at the same. */
function waitingOn(socket: Socket): number {
  const { _handle: handle } = carrierOf(socket) as {
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };
  return handle?.writeQueueSize ?? socket.writableLength;
}
