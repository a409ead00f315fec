/**
 * Upgrades of a connection over `node:http`, which Node, Deno and Bun have.
 *
 * @module
 */
import type { IncomingResponse, OutgoingRequest, Tunnel } from "../proxy/transport.ts";
import { begin, pairs, received } from "./node_http.ts";
import { streamsOf } from "./sockets.ts";

/** Asks for an upgrade, over a connection of its own. */
export function httpUpgrade(request: OutgoingRequest): Promise<Tunnel | IncomingResponse> {
  return new Promise((resolve, reject) => {
    const sent = begin(request, [], { agent: false });
    sent.on("error", reject);
    sent.on("information", ({ statusCode, rawHeaders }) => {
      request.onInformation?.(statusCode, pairs(rawHeaders));
    });
    sent.on("response", (message) => resolve(received(message)));
    sent.on("upgrade", (message, socket, head) => {
      // Whom nobody hears any more must not keep the connection.
      socket.setTimeout?.(0);
      socket.setKeepAlive?.(true, 60_000);
      socket.setNoDelay?.(true);
      resolve({ status: 101, fields: pairs(message.rawHeaders), ...streamsOf(socket, head) });
    });
    sent.end();
  });
}
