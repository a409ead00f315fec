/**
 * Cloudflare Workers, and any other place that has nothing but `fetch`.
 *
 * @module
 */
import type { OutgoingRequest, Transport } from "../proxy/transport.ts";
import { fetched, fetchInit } from "./fetching.ts";

/** Sends with `fetch`. The host of the URL is the `Host` field, always. */
export function workersTransport(): Transport {
  const send = (request: OutgoingRequest): Promise<Response> => {
    // The content goes to fetch as it came: Workers end a stream made in JavaScript as if it were
    // complete when it errors.
    const init: RequestInit & { encodeResponseBody: "manual" } = {
      ...fetchInit(request),
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
