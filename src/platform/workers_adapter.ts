/**
 * Cloudflare Workers, and unknown runtimes, of which only `fetch` is expected.
 *
 * @module
 */
import { runtimeName } from "../runtime.ts";
import { fetchInit, fromFetch } from "../transport/fetch_transport.ts";
import type { OutgoingRequest, Transport } from "../transport/transport.ts";

/** Sends with `fetch`, which always takes the `Host` field from the URL. */
export function workersTransport(): Transport {
  const send = (request: OutgoingRequest): Promise<Response> => {
    // Content without a length goes to fetch as it came: Workers complete the message when a stream
    // made in JavaScript errors.
    const init: RequestInit & { encodeResponseBody: "manual" } = {
      ...fetchInit(request),
      body: sized(request),
      encodeResponseBody: "manual",
    };
    return fetch(request.url, init);
  };
  return {
    capabilities: new Set(runtimeName() === "Workers" ? ["upgrade"] : []),
    send: async (request) => fromFetch(await send(request)),
    async upgrade(request) {
      const response = await send(request);
      // The response has the socket as a member. Only the runtime can read its bytes.
      return response.status === 101 ? response : fromFetch(response);
    },
  };
}

/** The content with its length, if known: fetch takes it from the stream, not from a field. */
function sized({ body, fields }: OutgoingRequest): ReadableStream<Uint8Array> | null {
  const { FixedLengthStream } = globalThis as {
    FixedLengthStream?: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
  };
  const length = fields.find(([name]) => name === "content-length")?.[1];
  if (!body || !FixedLengthStream || length === undefined) return body;
  return body.pipeThrough(new FixedLengthStream(Number(length)));
}
