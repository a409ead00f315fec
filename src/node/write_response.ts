/**
 * A response written to what `node:http` or `node:http2` answers with.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { isPushBody, toPushBody, unwrap } from "../host/push_body.ts";
import { forwardedTrailers, type Trailed, type Trailers } from "../http/trailer_fields.ts";
import { trailedOf } from "../host/make_response.ts";
import type { RawHeaders } from "../http/fields.ts";
import { type ResponseParts, responsePartsOf } from "./node_response.ts";
import { writeBody } from "./write_body.ts";
import { resetConnection } from "./reset.ts";

type Stream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Statuses that never have content (RFC 9110 §6.4.1), whatever a handler made. */
const WITHOUT_CONTENT = new Set([204, 205, 304]);
/** Fields that HTTP/2 must not have (RFC 9113 §8.2.2). */
const HTTP1 = new Set(["connection", "keep-alive", "proxy-connection", "upgrade"]);
/** Fields that tell a client of HTTP/1 to go on (RFC 9112 §9.3). */
const KEEPING = new Set(["connection", "keep-alive"]);
/** RFC 9113 §7. */
const INTERNAL_ERROR = 0x02;
/** RFC 9112 §4: a reason phrase. One of an upstream that is none is left out, as nobody reads it. */
const PHRASE = /^[\t\x20-\x7e\x80-\xff]+$/;

/**
 * Writes a response, as fast as the client takes it. Throws or rejects when its content fails;
 * whoever called must then cut the connection, so that what was sent does not look complete.
 *
 * @param method The method of the request.
 */
export function writeResponse(
  sink: ServerResponse,
  method: string,
  response: Response,
): void | Promise<void> {
  const parts = responsePartsOf(response);
  try {
    return write(sink, method, parts, trailedOf(response));
  } catch (error) {
    // Fields that Node refuses, for one.
    void discard(parts.body);
    throw error;
  }
}

function write(
  sink: ServerResponse,
  method: string,
  parts: ResponseParts,
  trailed: Trailed | undefined,
): void | Promise<void> {
  const { status, length, body } = parts;
  if (body === null || method === "HEAD" || WITHOUT_CONTENT.has(status)) {
    endWithout(sink, parts, lengthWithout(method, parts));
    return discard(body);
  }
  if (typeof body === "string" || body instanceof Uint8Array) {
    writeHead(sink, parts, Buffer.byteLength(body));
    return void sink.end(body);
  }
  // They need chunks, which HTTP/1.0 does not know and content of a known length does not come in.
  const able = length === undefined && sink.req.httpVersion !== "1.0";
  const trailers = able && trailed ? forwardedTrailers(trailed) : undefined;
  const flow = isPushBody(body) ? body : unwrap(body);
  if (!flow) return writeStream(sink, parts, body as Stream, trailers);
  writeHead(sink, parts, length, trailers);
  return writeBody(flow, sink, length, trailers);
}

/** The Content-Length where no content follows (RFC 9110 §8.6). */
function lengthWithout(
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
  const isHttp2 = sink.req.httpVersionMajor === 2;
  if (isHttp2) lines = without(HTTP1, lines);
  // A handler that would keep the connection does not know what comes on it.
  else if (!sink.shouldKeepAlive) lines = without(KEEPING, lines);
  if (!isHttp2 && statusText && PHRASE.test(statusText)) sink.writeHead(status, statusText, lines);
  else sink.writeHead(status, lines);
}

/** Ends an answer that has no content. */
function endWithout(sink: ServerResponse, parts: ResponseParts, length: number | undefined): void {
  if (sink.req.httpVersionMajor === 2) {
    // Written by themselves, the fields would go without END_STREAM, and an empty frame after them:
    // no answer of trailer fields alone, as gRPC has it.
    const lines = without(HTTP1, withLength(parts.fields, length));
    sink.statusCode = parts.status;
    for (let i = 0; i + 1 < lines.length; i += 2) {
      sink.appendHeader(lines[i] as string, lines[i + 1] as string);
    }
  } else writeHead(sink, parts, length);
  sink.end();
}

function withLength(fields: RawHeaders, length: number | undefined): string[] {
  return (length === undefined ? fields : [...fields, "content-length", `${length}`]) as string[];
}

function without(names: ReadonlySet<string>, lines: readonly string[]): string[] {
  return lines.filter((_, at) => !names.has((lines[at - at % 2] as string).toLowerCase()));
}

/**
 * Text and bytes of a native `Response` come as a stream, too, but all in the same turn of the event
 * loop; they are sent with their length and in one piece.
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
  // Whoever pours meets the failure; this only looks.
  for (const read of ahead) read.then((result) => results.push(result), () => {});
  // Of a handler that answers at once, the turn would end before anything is read.
  await Promise.resolve();
  await new Promise<void>((endOfTurn) => process.nextTick(endOfTurn));
  const [first, second] = results;
  // A `Content-Length` beside it is of other content, whose headers were copied.
  if (first?.done && !trailers) {
    return endWithout(sink, parts, 0);
  }
  if (second?.done && first?.value instanceof Uint8Array && !trailers) {
    writeHead(sink, parts, first.value.byteLength);
    return void sink.end(first.value);
  }
  writeHead(sink, parts, parts.length, trailers);
  // Whoever waits for events wants to know that there is somebody to wait for.
  if (!first) sink.flushHeaders();
  await writeBody(toPushBody(reader, ahead), sink, parts.length, trailers);
}

/** Cuts an answer, so that it does not look whole. What was written of it before is sent. */
export function cutConnection(sink: ServerResponse): void {
  const { stream } = sink as { stream?: Pick<ServerHttp2Stream, "close"> };
  if (!sink.headersSent) end();
  // Node holds what is written back until the end of the turn.
  else setImmediate(end);

  function end(): void {
    // HTTP/2 calls the end of a stream that is just destroyed no error (RFC 9113 §7).
    if (stream) stream.close(INTERNAL_ERROR);
    // To HTTP/1.0 the end of the connection may be that of the content.
    else if (sink.headersSent && sink.req.httpVersion === "1.0") cutHttp10(sink);
    else sink.destroy();
  }
}

function cutHttp10(sink: ServerResponse): void {
  const { socket } = sink;
  // TLS tells by itself that the end is missing (RFC 8446 §6.1).
  if (!socket || "encrypted" in socket) sink.destroy();
  else resetConnection(socket);
}

/** Lets go of a response that nobody waits for any more. */
export function abandon(response: Response): Promise<void> {
  return discard(responsePartsOf(response).body);
}

async function discard(body: ResponseParts["body"]): Promise<void> {
  if (body === null) return;
  const reason = new Error("the response has no content");
  if (isPushBody(body)) body.cancel(reason);
  else if (body instanceof ReadableStream) await body.cancel(reason).catch(() => {});
}
