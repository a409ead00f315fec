/**
 * Upgrades of a connection over `node:http`, which Node, Deno and Bun have.
 *
 * @module
 */
import { MOST_CONTENT } from "../http/upgrade.ts";
import type { IncomingResponse, OutgoingRequest, Tunnel } from "./transport.ts";
import { begin, pairs, received } from "./node_http.ts";
import { streamsOf } from "./socket_streams.ts";

/** Asks for an upgrade, over a connection of its own. */
export async function httpUpgrade(request: OutgoingRequest): Promise<Tunnel | IncomingResponse> {
  // Sent at once: an upstream may agree before it has read it, and the tunnel begins behind it.
  const content = request.body ? await gathered(request.body) : new Uint8Array();
  const framing = framed(request, content.byteLength);
  return await new Promise((resolve, reject) => {
    const { signal, ...unsigned } = request;
    const sent = begin(unsigned, framing, { agent: false });
    // Not the option of Node: a tunnel may outlive the request.
    const abort = (): void => void sent.destroy(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    sent.once("close", () => signal.removeEventListener("abort", abort));
    sent.on("error", reject);
    sent.on("information", ({ statusCode, rawHeaders }) => {
      request.onInformational?.(statusCode, pairs(rawHeaders));
    });
    sent.on("response", (message) => resolve(received(message)));
    sent.on("upgrade", (message, socket, head) => {
      signal.removeEventListener("abort", abort);
      resolve({ status: 101, fields: pairs(message.rawHeaders), ...streamsOf(socket, head) });
    });
    if (content.byteLength > 0) sent.end(content);
    else sent.end();
  });
}

/** All of the content. */
async function gathered(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const content = new Uint8Array(MOST_CONTENT);
  let count = 0;
  // Left early, the loop cancels it.
  for await (const chunk of body) {
    if (count + chunk.byteLength > MOST_CONTENT) {
      throw new Error(`the content of a request to upgrade is longer than ${MOST_CONTENT} bytes`);
    }
    content.set(chunk, count);
    count += chunk.byteLength;
  }
  return content.subarray(0, count);
}

/** Fields that say where the content ends, where the request has none. */
function framed({ fields, method }: OutgoingRequest, length: number): string[] {
  const told = fields.find(([name]) => name === "content-length")?.[1];
  if (told === undefined) {
    return length === 0 && method === "GET" ? [] : ["content-length", String(length)];
  }
  if (Number(told) !== length) throw new Error("the content is not as long as its Content-Length");
  return [];
}
