/**
 * Writes a response to `node:http` or `node:http2`.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { trailedOf } from "../host/make_response.ts";
import { isPushBody, toPushBody, unwrap } from "../host/push_body.ts";
import type { RawHeaders } from "../http/fields.ts";
import { forwardedTrailers, type Trailers } from "../http/trailer_fields.ts";
import { takePart } from "../static/sources/file_content.ts";
import { withoutHeaders } from "./lazy_headers.ts";
import { NodeResponse, type ResponseParts } from "./node_response.ts";
import { fileBody, writeBody } from "./write_body.ts";

type Stream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Statuses without a body (RFC 9110 §6.4.1). */
const WITHOUT_BODY = new Set([204, 205, 304]);
/** Headers that HTTP/2 forbids (RFC 9113 §8.2.2). */
const HTTP1_ONLY = new Set(["connection", "keep-alive", "proxy-connection", "upgrade"]);
/** Headers that ask a client of HTTP/1 to keep the connection (RFC 9112 §9.3). */
const PERSISTENCE = new Set(["connection", "keep-alive"]);
/** A reason phrase (RFC 9112 §4). A malformed phrase of an upstream is left out. */
const PHRASE = /^[\t\x20-\x7e\x80-\xff]+$/;

/**
 * Writes a response as fast as the client takes it. Throws or rejects when its headers or its body
 * are wrong; the caller then cuts the connection, so that the response does not look complete.
 *
 * @param method The method of the request.
 */
export function writeResponse(
  sink: ServerResponse,
  method: string,
  response: Response,
): void | Promise<void> {
  const parts = NodeResponse.take(response);
  const { status, length, body } = parts;
  try {
    if (body === null || method === "HEAD" || WITHOUT_BODY.has(status)) {
      endWithoutBody(sink, parts, lengthWithoutBody(method, parts));
      return discard(body);
    }
    if (typeof body === "string" || body instanceof Uint8Array) {
      writeHead(sink, parts, Buffer.byteLength(body));
      return void sink.end(body);
    }
    // Trailer fields need chunked coding, which neither HTTP/1.0 nor a body of known length has.
    const canTrail = length === undefined && sink.req.httpVersion !== "1.0";
    const trailed = canTrail ? trailedOf(response) : undefined;
    const trailers = trailed ? forwardedTrailers(trailed) : undefined;
    const part = isPushBody(body) ? undefined : takePart(body);
    const pushed = isPushBody(body) ? body : part ? fileBody(part, isHttp2(sink)) : unwrap(body);
    if (!pushed) return writeStream(sink, parts, body as Stream, trailers);
    writeHead(sink, parts, length, trailers);
    return writeBody(pushed, sink, length, trailers);
  } catch (error) {
    void discard(body);
    throw error;
  }
}

/** The Content-Length of a response without a body (RFC 9110 §8.6). */
function lengthWithoutBody(
  method: string,
  { status, length, body }: ResponseParts,
): number | undefined {
  if (status === 204) return undefined;
  if (status === 205) return 0;
  return length ?? (body === null && method !== "HEAD" && status !== 304 ? 0 : undefined);
}

function writeHead(
  sink: ServerResponse,
  { status, statusText, fields }: ResponseParts,
  length: number | undefined,
  trailers?: Trailers,
): void {
  let lines = withLength(fields, length);
  if (trailers?.announced) lines = [...lines, "trailer", trailers.announced];
  if (isHttp2(sink)) return void sink.writeHead(status, withoutHeaders(HTTP1_ONLY, lines));
  // A handler cannot know that the connection has to close.
  if (!sink.shouldKeepAlive) lines = withoutHeaders(PERSISTENCE, lines);
  if (statusText && PHRASE.test(statusText)) sink.writeHead(status, statusText, lines);
  else sink.writeHead(status, lines);
}

function endWithoutBody(
  sink: ServerResponse,
  parts: ResponseParts,
  length: number | undefined,
): void {
  if (isHttp2(sink)) {
    // `writeHead` would send HEADERS without END_STREAM and an empty DATA frame; gRPC clients expect
    // a single HEADERS frame.
    const lines = withoutHeaders(HTTP1_ONLY, withLength(parts.fields, length));
    sink.statusCode = parts.status;
    for (let i = 0; i + 1 < lines.length; i += 2) {
      sink.appendHeader(lines[i] as string, lines[i + 1] as string);
    }
  } else writeHead(sink, parts, length);
  sink.end();
}

function isHttp2({ req }: ServerResponse): boolean {
  return req.httpVersionMajor === 2;
}

function withLength(fields: RawHeaders, length: number | undefined): string[] {
  return (length === undefined ? fields : [...fields, "content-length", `${length}`]) as string[];
}

/**
 * Writes the stream of a native `Response`. Text and bytes come as a stream, too, but all within one
 * turn of the event loop; they are sent in one piece with their length.
 */
async function writeStream(
  sink: ServerResponse,
  parts: ResponseParts,
  body: Stream,
  trailers: Trailers | undefined,
): Promise<void> {
  const reader = body.getReader();
  const ahead = [reader.read(), reader.read()];
  const results: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>[] = [];
  // `writeBody` reports a failure.
  for (const read of ahead) read.then((result) => results.push(result), () => {});
  // A handler that is not async has called us before the first read can settle.
  await Promise.resolve();
  await new Promise<void>((endOfTurn) => process.nextTick(endOfTurn));
  const [first, second] = results;
  // A `Content-Length` would be that of another body, copied with its headers.
  if (first?.done && !trailers) return endWithoutBody(sink, parts, 0);
  if (second?.done && first?.value instanceof Uint8Array && !trailers) {
    writeHead(sink, parts, first.value.byteLength);
    return void sink.end(first.value);
  }
  writeHead(sink, parts, parts.length, trailers);
  // A client of an event stream waits for the headers.
  if (!first) sink.flushHeaders();
  await writeBody(toPushBody(reader, ahead), sink, parts.length, trailers);
}

/** Cancels the body of a response that no client waits for. */
export function abandon(response: Response): Promise<void> {
  return discard(NodeResponse.take(response).body);
}

async function discard(body: ResponseParts["body"]): Promise<void> {
  if (body === null) return;
  const reason = new Error("the response body is not sent");
  if (isPushBody(body)) body.cancel(reason);
  else if (body instanceof ReadableStream) await body.cancel(reason).catch(() => {});
}
