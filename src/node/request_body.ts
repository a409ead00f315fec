/**
 * The content of a received message.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { sideTable } from "../host/side_table.ts";
import { hasNodeSockets } from "../runtime.ts";
import { toReadableStream } from "../host/push_body.ts";
import type { BodySink, PushBody } from "../host/types.ts";
import { type ContentLimit, limited } from "./content_limit.ts";
import { clientLeft } from "./left.ts";
import { linger, lingerIfLast } from "./linger.ts";

/** RFC 9113 §7. */
const NO_ERROR = 0;
/** How often to look whether an answer was sent, in milliseconds. */
const LOOK = 20;
/** How much of a request that was answered early is read to keep the connection. */
const DRAIN_LIMIT = 256 * 1024;

/** Messages that wait for `100 Continue` before they send content (RFC 9110 §10.1.1). */
const waiting = new WeakSet<IncomingMessage>();

/** What tells whoever reads the content of a message that there will be no more. */
const readers = sideTable<IncomingMessage, (error: Error) => void>();

/** Content that was read before, of messages that have none to their parser. */
const whole = sideTable<IncomingMessage, Uint8Array<ArrayBuffer>>();

/** Gives a message content that was read before. */
export function giveContent(message: IncomingMessage, content: Uint8Array<ArrayBuffer>): void {
  whole.set(message, content);
}

/** Notes that the client waits for `100 Continue`. */
export function awaitContinue(message: IncomingMessage): void {
  waiting.add(message);
}

/** The content as it comes; reading pauses when nobody takes it. */
export function requestBody(
  message: IncomingMessage,
  sink: ServerResponse,
  limit?: ContentLimit,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const flow = flowOf(message, sink);
  return toReadableStream(limit ? limited(flow, limit) : flow);
}

/** Nothing is read, nor 100 Continue sent, before somebody asks for content. */
function flowOf(message: IncomingMessage, sink: ServerResponse): PushBody {
  let over = false;
  return {
    start(to) {
      const given = whole.get(message);
      if (given) {
        to.write(given);
        return to.end();
      }
      if (waiting.delete(message) && !sink.headersSent) sink.writeContinue();
      const fail = (error: Error): void => {
        if (!over) to.fail(error);
        over = true;
      };
      const leave = (): void => {
        if (over) return;
        // Without the end, the client has left in the middle.
        if (!isWhole(message)) return fail(clientLeft(message));
        over = true;
        for (;;) {
          const chunk = message.read() as Uint8Array<ArrayBuffer> | null;
          if (chunk === null) return to.end();
          to.write(chunk);
        }
      };
      if (message.readableDidRead) return readBefore(message, sink, to);
      if (message.destroyed || streamOfMessage(message)?.closed) return leave();
      readers.set(message, fail);
      message.once("error", leave).once("close", leave);
      message.once("end", () => {
        // Of a stream of HTTP/2 that the client resets, Node makes one that has ended.
        if (isReset(message)) return leave();
        if (!over) to.end();
        over = true;
      });
      message.on("data", (chunk: Uint8Array<ArrayBuffer>) => {
        if (!over && !to.write(chunk)) message.pause();
      });
    },
    resume: () => void message.resume(),
    cancel() {
      over = true;
      message.removeAllListeners("data").removeAllListeners("end").pause();
    },
  };
}

/** Pushes content that somebody has read before the handler was called, where it was kept. */
function readBefore(message: IncomingMessage, sink: ServerResponse, to: BodySink): void {
  if (sink.writableEnded) return to.fail(answeredBefore());
  const { rawBody, body } = message as { rawBody?: unknown; body?: unknown };
  // Cloud platforms keep the first, parsers that parse nothing the second.
  for (const kept of [rawBody, body]) {
    if (typeof kept !== "string" && !(kept instanceof Uint8Array)) continue;
    to.write(new Uint8Array(Buffer.from(kept as string)));
    return to.end();
  }
  to.fail(
    new TypeError(
      "serve: the content of the request was read before, as by a body parser; " +
        "call the listener before that, or keep the bytes as request.rawBody",
    ),
  );
}

function answeredBefore(): Error {
  return new Error("the answer ended before the content of its request");
}

/** Whether all of the content has come; what nobody has read of it outlives the connection. */
function isWhole(message: IncomingMessage): boolean {
  // HTTP/2 of Node calls what was reset complete.
  return message.complete && !streamOfMessage(message);
}

function isReset(message: IncomingMessage): boolean {
  const stream = streamOfMessage(message);
  return stream !== undefined && (stream.aborted || stream.rstCode !== 0);
}

/** The stream of a message that came over HTTP/2. */
function streamOfMessage(message: IncomingMessage): ServerHttp2Stream | undefined {
  return (message as { stream?: ServerHttp2Stream }).stream;
}

/**
 * Ends a stream of HTTP/2 whose answer comes before the end of the request (RFC 9113 §8.1): the
 * client need not send the rest. Node does this only where nobody has touched the content.
 */
function resetAfterAnswer(message: IncomingMessage, stream: ServerHttp2Stream): void {
  const end = (): void => {
    if (stream.closed || stream.destroyed) return;
    // A reset would overtake the end of the answer, and no event tells when that was sent.
    if (stream.state.localClose !== 1) return void setTimeout(end, LOOK);
    readers.get(message)?.(answeredBefore());
    stream.close(NO_ERROR);
    // What has come and nobody reads would keep the stream, and so the session.
    message.removeAllListeners("data").resume();
  };
  if (stream.writableFinished) setImmediate(end);
  else stream.once("finish", () => setImmediate(end));
}

/**
 * Makes sure that the connection of an answer that comes before the end of the request ends or can
 * go on: what is left of the request would be in the way of the next. To be called before the
 * answer is begun.
 */
export function answerEarly(message: IncomingMessage, sink: ServerResponse): void {
  const stream = streamOfMessage(message);
  if (stream) return resetAfterAnswer(message, stream);
  // Nobody can know whether the client will still send the content.
  if (waiting.has(message)) sink.shouldKeepAlive = false;
  let count = -1;
  const isTooMuch = (): boolean => count > DRAIN_LIMIT;
  const end = (): void => {
    if (!hasNodeSockets()) message.destroy();
    else if (sink.writableFinished) linger(message.socket, message);
  };
  const discard = (): void => {
    if (message.complete || count >= 0) return;
    count = 0;
    readers.get(message)?.(answeredBefore());
    message.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
      count += chunk.byteLength;
      if (isTooMuch()) end();
    });
    message.resume();
  };
  // A client that writes before it reads takes no large answer while nobody reads what it writes.
  sink.once("prefinish", () => setImmediate(discard));
  sink.prependOnceListener("finish", () => {
    if (message.complete) return;
    discard();
    if (isTooMuch()) end();
    else lingerIfLast(message);
  });
}
