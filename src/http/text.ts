/**
 * The short answers we give in our own name.
 *
 * @module
 */
import { HostRequest } from "./received.ts";

/** A plain text response that says no more than its status; to HEAD without content. */
export function textResponse(
  request: Pick<Request, "method">,
  status: number,
  text: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  const body = request.method === "HEAD" ? null : text;
  const headers = { "content-type": "text/plain;charset=utf-8", ...more };
  // Not by `respond`: a bundle that has no other responses of ours need not hold it.
  return (request as object) instanceof HostRequest
    ? (request as object as HostRequest).respond(body, {
      status,
      fields: Object.entries(headers).flat(),
    })
    : new Response(body, { status, headers });
}
