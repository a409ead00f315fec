/**
 * Bun: its `fetch` with the content left as it comes.
 *
 * @module
 */
import type { Transport } from "../proxy/transport.ts";
import { fetched, fetchInit } from "./fetching.ts";

/** Sends with Bun's `fetch`, not through a proxy that the environment names. */
export function bunTransport(): Transport {
  return {
    capabilities: new Set(["host"]),
    async send(request) {
      const init = fetchInit(request);
      init.headers.set("host", request.host);
      const own = { decompress: false, proxy: false, timeout: false };
      return fetched(await fetch(request.url, { ...init, ...own }));
    },
  };
}
