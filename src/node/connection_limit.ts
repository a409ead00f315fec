/**
 * How many connections a server has at a time.
 *
 * @module
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { readAddress } from "../http/ip.ts";
import { peerAddress } from "./peer.ts";

/** Closes new connections while a server has as many as it may have. */
export function limitConnections(server: Server, most: number, perAddress: number): void {
  // Node then closes them before it makes anything of them.
  if (most < Infinity) server.maxConnections = most;
  if (perAddress === Infinity) return;
  const counts = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const client = networkOf(peerAddress(socket));
    if (client === undefined) return;
    const count = (counts.get(client) ?? 0) + 1;
    counts.set(client, count);
    socket.once("close", () => {
      const left = (counts.get(client) ?? 1) - 1;
      if (left > 0) counts.set(client, left);
      else counts.delete(client);
    });
    if (count > perAddress) socket.destroy();
  });
}

/** What one client has: an IPv4 address, or a network of IPv6, whose 2^64 addresses are all its own. */
export function networkOf(address: string | undefined): string | undefined {
  const bytes = address === undefined ? undefined : readAddress(address);
  return bytes && (bytes.length === 4 ? bytes : bytes.slice(0, 8)).join(".");
}
