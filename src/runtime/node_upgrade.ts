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
    const { signal, ...unsigned } = request;
    const framing = request.method === "GET" ? [] : ["content-length", "0"];
    const sent = begin(unsigned, framing, { agent: false });
    // Not the option of Node: a tunnel may outlive the request.
    const abort = (): void => void sent.destroy(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    sent.once("close", () => signal.removeEventListener("abort", abort));
    sent.on("error", reject);
    sent.on("information", ({ statusCode, rawHeaders }) => {
      request.onInformation?.(statusCode, pairs(rawHeaders));
    });
    sent.on("response", (message) => resolve(received(message)));
    sent.on("upgrade", (message, socket, head) => {
      signal.removeEventListener("abort", abort);
      resolve({ status: 101, fields: pairs(message.rawHeaders), ...streamsOf(socket, head) });
    });
    sent.end();
  });
}
