/**
 * Requests and responses of `fetch`, on the runtimes that send with it, of handlers and of service
 * bindings.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { fetchDecodes, type ServiceBinding } from "../runtime.ts";
import type { IncomingResponse, OutgoingRequest } from "./transport.ts";

/** The options of `fetch` that are the same on every runtime. */
export function fetchInit(request: OutgoingRequest): RequestInit & { headers: [string, string][] } {
  const { method, body, signal } = request;
  // Not `Headers`: Deno would take it apart again, at a fifth of the cost of a request.
  const headers = request.fields.map(([name, value]): [string, string] => [name, value]);
  // If it were missing, fetch would ask for codings that the client may not support.
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

/** The response of a `fetch`, with one field line for each `Set-Cookie`. */
export function fromFetch(response: Response): IncomingResponse {
  return {
    status: response.status,
    reason: response.statusText,
    fields: response.headers as Iterable<Field>,
    body: response.body,
  };
}

/**
 * The response of a handler. If the handler has it from `fetch`, it has a URL, and its body is
 * decoded when it is read, although the fields still name the coding.
 */
export function fromHandler(response: Response): IncomingResponse {
  const coding = response.headers.get("content-encoding")?.trim();
  const decoded = response.url !== "" && coding !== undefined && fetchDecodes(coding);
  return { ...fromFetch(response), decoded };
}

/** Calls a service binding, with the content not decoded: it ignores that option in a `Request`. */
export function callBinding(
  binding: ServiceBinding,
  request: Request,
): Response | Promise<Response> {
  return binding.fetch(request, { encodeResponseBody: "manual" });
}
