/**
 * Hints before the answer.
 *
 * @module
 */
import { mountOf } from "../mount.ts";
import { writeEarlyHints } from "./informational.ts";
import { sinkOf } from "./node_request.ts";

/**
 * Sends `103 Early Hints` (RFC 8297), so that the client can begin to load what the page will need
 * while the page is still being made. Does nothing when the answer has begun, when the client speaks
 * HTTP/1.0, or when the request did not come from this host.
 *
 * @param request The request as the handler received it.
 * @param links The values of `Link` fields.
 *
 * @example
 * ```ts
 * import type { Handler } from "@handwerk/handwerk";
 * import { earlyHints } from "@handwerk/handwerk/node";
 *
 * const page: Handler = async (request) => {
 *   earlyHints(request, ["</style.css>; rel=preload; as=style"]);
 *   return new Response(await Promise.resolve("<link rel=stylesheet href=/style.css>"));
 * };
 * ```
 */
export function earlyHints(request: Request, links: readonly string[]): void {
  const sink = sinkOf(mountOf(request).original);
  if (sink) writeEarlyHints(sink, links);
}
