/**
 * How our own handlers make responses. On most runtimes that is `new Response`; a host that can send
 * a response without making one hands over requests that know how.
 *
 * @module
 */
import { attached } from "./side_table.ts";
import { HostRequest } from "./host_request.ts";

/** Field lines, flat: a name, its value, the next name. Made once, it can serve many responses. */
export type FieldList = readonly string[];

/** Content that is there, that comes as a stream, or `null`. */
export type Body =
  | Uint8Array<ArrayBuffer>
  | string
  | ReadableStream<Uint8Array<ArrayBuffer>>
  | null;

/** What a response has besides its content. */
export interface Head {
  /** The status code. */
  readonly status: number;
  /** The reason phrase; it has none by default. */
  readonly statusText?: string;
  /** The fields, without `content-length`. */
  readonly fields: FieldList;
  /** The `content-length`, where it is not that of content that is there: of a stream, or to HEAD. */
  readonly length?: number | undefined;
}

/** Makes a response of ours to a request: a `Response` for whoever looks at it. */
export function respond(request: object, body: Body, head: Head): Response {
  return request instanceof HostRequest ? request.respond(body, head) : nativeResponse(body, head);
}

/** Makes a response of the runtime. */
export function nativeResponse(body: Body | Blob, head: Head): Response {
  return new Response(body, nativeInit(body, head));
}

/** What the runtime's `Response` is made with, besides the content. */
export function nativeInit(body: Body | Blob, head: Head): ResponseInit {
  const { status, statusText = "", fields } = head;
  const headers = headersOf(fields, lengthOf(body, head));
  const init: ResponseInit & { encodeBody?: "manual" } = { status, statusText, headers };
  // Workers would encode again what its fields call encoded.
  if (headers.has("content-encoding")) init.encodeBody = "manual";
  return init;
}

/** The `Headers` that were made of a list and a length. */
interface Made {
  readonly headers: Headers;
  readonly length: number | undefined;
}

/** Those of lists that serve many responses, `null` before the first. */
const made = attached<FieldList, Made | null>();

/** Lets `Headers` be made once of a list that does not change: responses copy them. */
export function reused(fields: FieldList): FieldList {
  made.set(fields, null);
  return fields;
}

function headersOf(fields: FieldList, length: number | undefined): Headers {
  const known = made.get(fields);
  if (known && known.length === length) return known.headers;
  const headers = appendTo(new Headers(), fields);
  if (length !== undefined) headers.set("content-length", String(length));
  if (known === null) made.set(fields, { headers, length });
  return headers;
}

/** Appends field lines. */
export function appendTo(headers: Headers, fields: FieldList): Headers {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    headers.append(fields[i] as string, fields[i + 1] as string);
  }
  return headers;
}

/** The `content-length` of a response; of text, the runtime counts the bytes. */
export function lengthOf(body: unknown, { length }: Head): number | undefined {
  return length ?? (body instanceof Uint8Array ? body.byteLength : undefined);
}
