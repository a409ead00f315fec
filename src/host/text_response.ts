/**
 * The short answers we give in our own name.
 *
 * @module
 */
import { HostRequest } from "./host_request.ts";

const TYPE = "text/plain;charset=utf-8";

/** A plain text response that says no more than its status; to HEAD without content. */
export function textResponse(
  request: Pick<Request, "method">,
  status: number,
  text: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  const body = request.method === "HEAD" ? null : text;
  // Not by `respond`: a bundle that has no other responses of ours need not hold it.
  if ((request as object) instanceof HostRequest) {
    const fields = ["content-type", TYPE, ...Object.entries(more).flat()];
    return (request as object as HostRequest).respond(body, { status, fields });
  }
  return new Response(body, { status, headers: { "content-type": TYPE, ...more } });
}
