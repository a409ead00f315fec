/**
 * Deno: its `fetch` with clients of our own.
 *
 * @module
 */
import type { Transport } from "../proxy/transport.ts";
import { fetched, fetchInit } from "./fetching.ts";

/** The part of Deno that is used here. */
interface DenoNetwork {
  createHttpClient(this: void, options: { allowHost: boolean; http2: boolean }): object;
}

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]);
/** Codings that Deno's fetch decodes, whatever it is told. */
const DECODED = /^(?:gzip|br)$/i;

/** Sends with Deno's `fetch`, which decodes gzip and br; the response says so. */
export function denoTransport(): Transport {
  let client: object | undefined;
  const { createHttpClient } = (globalThis as unknown as { Deno: DenoNetwork }).Deno;
  return {
    capabilities: new Set(["host"]),
    async send(request) {
      // HTTP/2 would send the host of the URL next to the other one.
      client ??= createHttpClient({ allowHost: true, http2: false });
      const init = fetchInit(request);
      init.headers.set("host", request.host);
      if (!request.body && !IDEMPOTENT.has(request.method)) init.body = unrepeatable();
      const response = await fetch(request.url, { ...init, client } as RequestInit);
      const coding = response.headers.get("content-encoding");
      return { ...fetched(response), decoded: coding !== null && DECODED.test(coding.trim()) };
    },
  };
}

/**
 * No content, as a stream. A request without content is sent again when its connection is lost,
 * even a POST that the upstream has acted on; one with a stream is not.
 */
function unrepeatable(): ReadableStream {
  return new ReadableStream({ start: (controller) => controller.close() });
}
