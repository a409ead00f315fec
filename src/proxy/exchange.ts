/**
 * One request forwarded, one response passed back.
 *
 * @module
 */
import { endToEnd, type Field } from "../http/connection.ts";
import { type Target, targetUrl } from "./target.ts";
import type { IncomingResponse, OutgoingRequest } from "./transport.ts";

/** Methods whose requests have no content that means anything (RFC 9110 §9.3.1, §9.3.2). */
const WITHOUT_CONTENT = new Set(["GET", "HEAD"]);
/** Fields about content, wrong without it. */
const CONTENT_FRAMING = new Set(["content-length", "content-encoding"]);
/** Statuses whose responses have no content; `Response` refuses it (Fetch §2.2.3). */
const NULL_BODY = new Set([204, 205, 304]);
/** What a reason phrase may hold (RFC 9112 §4), and `Response` takes. */
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The request to send for a received one, or `undefined` when its path would leave the target.
 *
 * @param path The path to append to the target's.
 * @param query The query with its question mark, or `""`.
 */
export function outgoingRequest(
  received: Request,
  target: Target,
  path: string,
  query: string,
  signal: AbortSignal,
): OutgoingRequest | undefined {
  const url = targetUrl(target, path, query);
  if (!url) return undefined;
  const body = WITHOUT_CONTENT.has(received.method) ? null : received.body;
  // What the client names in Connection is taken off before ours is put on, so that it cannot name
  // ours. The host has answered Expect when the content is read.
  const replaced = new Set(["host", "expect", ...target.headers.map(([name]) => name)]);
  const fields = endToEnd(received.headers).filter(([name]) =>
    !replaced.has(name) && (body !== null || !CONTENT_FRAMING.has(name))
  );
  return {
    url,
    method: received.method,
    host: target.host ?? received.headers.get("host") ?? url.host,
    fields: [...fields, ...target.headers],
    body,
    signal,
  };
}

/**
 * The response to pass back.
 *
 * @throws {TypeError} When the upstream's response is none that can be passed on.
 */
export function passBack(method: string, incoming: IncomingResponse): Response {
  const { status, reason } = incoming;
  // An unasked-for 101 would be a tunnel; what is not in 200–599 is no final status.
  if (status < 200 || status > 599) throw new TypeError(`the upstream answered ${status}`);
  const headers = new Headers();
  for (const [name, value] of responseFields(incoming)) headers.append(name, value);
  const empty = method === "HEAD" || NULL_BODY.has(status);
  // The others end by themselves; cancelling would cost the connection.
  if (status === 205) void incoming.body?.cancel().catch(() => {});
  const init: ResponseInit & { encodeBody?: "manual" } = {
    status,
    statusText: REASON.test(reason) ? reason : "",
    headers,
  };
  // Workers would compress content again that its fields call compressed.
  if (headers.has("content-encoding")) init.encodeBody = "manual";
  return new Response(empty ? null : incoming.body, init);
}

function responseFields({ fields, decoded }: IncomingResponse): readonly Field[] {
  const lines = [...fields];
  // RFC 9112 §6.3: Transfer-Encoding overrides Content-Length, which must not go on with it.
  const chunked = lines.some(([name]) => name.toLowerCase() === "transfer-encoding");
  const coded = decoded && lines.some(([name]) => name.toLowerCase() === "content-encoding");
  return endToEnd(lines).filter(([name]) =>
    !((chunked || coded) && name === "content-length") && !(coded && name === "content-encoding")
  );
}
