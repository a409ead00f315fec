/**
 * How our own handlers make responses. On most runtimes that is `new Response`; a host that can send
 * a response without making one hands over requests that know how.
 *
 * @module
 */
import { sideTable } from "./side_table.ts";
import type { RawHeaders } from "../http/fields.ts";
import { HostRequest } from "./host_request.ts";
import type { ResponseBody, ResponseHead } from "./types.ts";

/** Makes a response of ours to a request: a `Response` for whoever looks at it. */
export function makeResponse(request: object, body: ResponseBody, head: ResponseHead): Response {
  return request instanceof HostRequest ? request.respond(body, head) : nativeResponse(body, head);
}

/** Makes a response of the runtime. */
export function nativeResponse(body: ResponseBody | Blob, head: ResponseHead): Response {
  return new Response(body, nativeInit(body, head));
}

/** What the runtime's `Response` is made with, besides the content. */
export function nativeInit(body: ResponseBody | Blob, head: ResponseHead): ResponseInit {
  const { status, statusText = "", fields } = head;
  const headers = headersOf(fields, bodyLength(body, head));
  const init: ResponseInit & { encodeBody?: "manual" } = { status, statusText, headers };
  // Workers would encode again what its fields call encoded.
  if (headers.has("content-encoding")) init.encodeBody = "manual";
  return init;
}

/** The `Headers` that were made of a list and a length. */
interface MemoizedHeaders {
  readonly headers: Headers;
  readonly length: number | undefined;
}

/** Those of lists that serve many responses, `null` before the first. */
const memoized = sideTable<RawHeaders, MemoizedHeaders | null>();

/** Lets `Headers` be made once of a list that does not change: responses copy them. */
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

/** Appends field lines. */
export function appendHeaders(headers: Headers, fields: RawHeaders): Headers {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    headers.append(fields[i] as string, fields[i + 1] as string);
  }
  return headers;
}

/** The `content-length` of a response; of text, the runtime counts the bytes. */
export function bodyLength(body: unknown, { length }: ResponseHead): number | undefined {
  return length ?? (body instanceof Uint8Array ? body.byteLength : undefined);
}
