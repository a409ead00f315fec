/**
 * Service bindings of Cloudflare Workers, and the responses of handlers.
 *
 * @module
 */
import type { IncomingResponse } from "./transport.ts";
import type { ServiceBinding } from "../runtime.ts";
import { fetched } from "./fetch_transport.ts";

/** Asks a binding, with the content left as it comes; it does not heed that in a `Request`. */
export function askBinding(
  binding: ServiceBinding,
  request: Request,
): Response | Promise<Response> {
  return binding.fetch(request, { encodeResponseBody: "manual" });
}

/**
 * The response of a handler. One that it has from `fetch` has a URL, and what its content was coded
 * with is undone when it is read, though its fields go on to say so.
 */
export function answered(response: Response): IncomingResponse {
  const coding = response.headers.get("content-encoding")?.trim();
  const decoded = response.url !== "" && coding !== undefined && codings().test(coding);
  return { ...fetched(response), decoded };
}

/** What this runtime's `fetch` decodes. */
function codings(): RegExp {
  return "Deno" in globalThis || "WebSocketPair" in globalThis
    ? /^(?:gzip|br)$/i
    : /^(?:(?:x-)?gzip|deflate|br|zstd)(?:\s*,|$)/i;
}
