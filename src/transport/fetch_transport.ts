/**
 * What the runtimes that send with their own `fetch` have in common.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import type { IncomingResponse, OutgoingRequest } from "./transport.ts";

/** The arguments of `fetch` that are the same everywhere. */
export function fetchInit(request: OutgoingRequest): RequestInit & { headers: [string, string][] } {
  const { method, body, signal } = request;
  // Not `Headers`, which Deno would take apart again, for a fifth of what a request costs.
  const headers = request.fields.map(([name, value]): [string, string] => [name, value]);
  // Left out, fetch would ask for codings that the client may not know.
  if (!headers.some(([name]) => name.toLowerCase() === "accept-encoding")) {
    headers.push(["accept-encoding", "identity"]);
  }
  const init: RequestInit & { headers: [string, string][]; duplex?: "half" } = {
    method,
    headers,
    body,
    signal,
    redirect: "manual",
  };
  if (body) init.duplex = "half";
  return init;
}

/** The response of a `fetch`, `Set-Cookie` one line each. */
export function fetched(response: Response): IncomingResponse {
  return {
    status: response.status,
    reason: response.statusText,
    fields: response.headers as Iterable<Field>,
    body: response.body,
  };
}
