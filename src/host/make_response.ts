/**
 * How our own handlers make responses. On most runtimes, that is `new Response`. A host that can
 * send a response without one passes a {@linkcode HostRequest}, which makes its own kind.
 *
 * @module
 */
import { sideTable } from "./side_table.ts";
import type { RawHeaders } from "../http/fields.ts";
import type { Trailed } from "../http/trailer_fields.ts";
import { HostRequest } from "./host_request.ts";
import type { ResponseBody, ResponseHead } from "./types.ts";

/** Makes a response of our own to a request. */
export function makeResponse(request: object, body: ResponseBody, head: ResponseHead): Response {
  return request instanceof HostRequest ? request.respond(body, head) : nativeResponse(body, head);
}

/** Makes a response with the `Response` of the runtime. */
export function nativeResponse(body: ResponseBody | Blob, head: ResponseHead): Response {
  return new Response(body, nativeInit(body, head));
}

/** The init of `new Response`. */
export function nativeInit(body: ResponseBody | Blob, head: ResponseHead): ResponseInit {
  const { status, statusText = "", fields } = head;
  const headers = headersOf(fields, bodyLength(body, head));
  const init: ResponseInit & { encodeBody?: "manual" } = { status, statusText, headers };
  // Else Workers would encode the body again.
  if (headers.has("content-encoding")) init.encodeBody = "manual";
  return init;
}

/** The `Headers` that were made of a list. */
interface MemoizedHeaders {
  readonly headers: Headers;
  readonly length: number | undefined;
}

/** The `Headers` of lists that serve many responses; `null` before the first. */
const memoized = sideTable<RawHeaders, MemoizedHeaders | null>();

/** Has the `Headers` of a list made only once. Responses copy them. */
export function memoizeHeaders(fields: RawHeaders): RawHeaders {
  memoized.set(fields, null);
  return fields;
}

function headersOf(fields: RawHeaders, length: number | undefined): Headers {
  const known = memoized.get(fields);
  if (known && known.length === length) return known.headers;
  const headers = appendHeaders(new Headers(), fields);
  if (length !== undefined) headers.set("content-length", String(length));
  if (known === null) memoized.set(fields, { headers, length });
  return headers;
}

/** Appends a list to `Headers`. */
export function appendHeaders(headers: Headers, fields: RawHeaders): Headers {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    headers.append(fields[i] as string, fields[i + 1] as string);
  }
  return headers;
}

/** The `content-length` of a response; `undefined` for text, whose bytes the runtime counts. */
export function bodyLength(body: unknown, { length }: ResponseHead): number | undefined {
  return length ?? (body instanceof Uint8Array ? body.byteLength : undefined);
}

const TYPE = "text/plain;charset=utf-8";

/** Makes a short text response, without a body to HEAD. */
export function textResponse(
  request: Pick<Request, "method">,
  status: number,
  text: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  const body = request.method === "HEAD" ? null : text;
  // Without `makeResponse`, so that a bundle that has no other responses does not contain it.
  if ((request as object) instanceof HostRequest) {
    const fields = ["content-type", TYPE, ...Object.entries(more).flat()];
    return (request as object as HostRequest).respond(body, { status, fields });
  }
  return new Response(body, { status, headers: { "content-type": TYPE, ...more } });
}

/** `Response` has no trailer fields. */
const following = sideTable<Response, Trailed>();

/** Attaches the trailer fields of an upstream (RFC 9110 §6.5), for hosts that can send them. */
export function withTrailers(response: Response, trailed: Trailed): Response {
  following.set(response, trailed);
  return response;
}

/** The trailer fields of a response. A copy of the response has none. */
export function trailedOf(response: Response): Trailed | undefined {
  return following.get(response);
}
