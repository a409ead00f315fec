/**
 * Cloudflare Workers, and any other place that has nothing but `fetch`.
 *
 * @module
 */
import type { OutgoingRequest, Transport } from "../transport/transport.ts";
import { fetched, fetchInit } from "../transport/fetch_transport.ts";

/** Sends with `fetch`. The host of the URL is the `Host` field, always. */
export function workersTransport(): Transport {
  const send = (request: OutgoingRequest): Promise<Response> => {
    // Without a length, the content goes to fetch as it came: Workers end a stream made in JavaScript
    // as if it were complete when it errors.
    const init: RequestInit & { encodeResponseBody: "manual" } = {
      ...fetchInit(request),
      body: sized(request),
      encodeResponseBody: "manual",
    };
    return fetch(request.url, init);
  };
  return {
    capabilities: new Set("WebSocketPair" in globalThis ? ["upgrade"] : []),
    send: async (request) => fetched(await send(request)),
    async upgrade(request) {
      const response = await send(request);
      // The socket is in it, where nobody but the runtime sees its bytes.
      return response.status === 101 ? response : fetched(response);
    },
  };
}

/** The content, with its length when it is known: fetch takes it from the stream, not from a field. */
function sized({ body, fields }: OutgoingRequest): ReadableStream<Uint8Array> | null {
  const { FixedLengthStream } = globalThis as {
    FixedLengthStream?: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
  };
  const length = fields.find(([name]) => name === "content-length")?.[1];
  if (!body || !FixedLengthStream || length === undefined) return body;
  return body.pipeThrough(new FixedLengthStream(Number(length)));
}
