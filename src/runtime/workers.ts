/**
 * Cloudflare Workers, and any other place that has nothing but `fetch`.
 *
 * @module
 */
import type { Transport } from "../proxy/transport.ts";
import { fetched, fetchInit } from "./fetching.ts";

/** Sends with `fetch`. The host of the URL is the `Host` field, always. */
export function workersTransport(): Transport {
  return {
    capabilities: new Set(),
    async send(request) {
      // The body goes to fetch as it came: Workers end a stream made in JavaScript as if it were
      // complete when it errors.
      const init: RequestInit & { encodeResponseBody: "manual" } = {
        ...fetchInit(request),
        encodeResponseBody: "manual",
      };
      return fetched(await fetch(request.url, init));
    },
  };
}
