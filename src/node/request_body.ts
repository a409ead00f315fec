/**
 * The body of a request. Nothing is read, and no `100 Continue` sent, before the handler asks for it.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { toReadableStream } from "../host/push_body.ts";
import { sideTable } from "../host/side_table.ts";
import type { PushBody } from "../host/types.ts";
import { hasNodeSockets } from "../runtime.ts";
import { http2Stream, linger, lingerIfLast } from "./connection.ts";
import type { UpgradeRequest } from "./upgrade_listener.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** RFC 9113 §7. */
const NO_ERROR = 0;
/** How often to check whether a response was sent, in milliseconds. */
const CHECK_INTERVAL = 20;
/** How much of an unread body is discarded to keep the connection, in bytes. */
const DRAIN_LIMIT = 256 * 1024;

/** The request that a body belongs to. */
export interface BodyOwner {
  /** Where the response goes. */
  readonly sink: ServerResponse;
  /** What an upgrade request brought along. */
  readonly upgrade: UpgradeRequest | undefined;
  /** The largest body, in bytes. */
  readonly maxBodySize: number;
  /** Called when the body is larger, before reading it fails. */
  exceed(error: Error): void;
  /** The error of a client disconnect. */
  disconnectError(): Error;
}

/** Requests whose client waits for `100 Continue` (RFC 9110 §10.1.1). */
const awaitingContinue = new WeakSet<IncomingMessage>();
/** Ends the reading of bodies that are being read. */
const readers = sideTable<IncomingMessage, (error: Error) => void>();

/** Notes that the client waits for `100 Continue`. */
export function awaitContinue(message: IncomingMessage): void {
  awaitingContinue.add(message);
}

/** The body as a stream, as fast as it is read. */
export function requestBody(owner: BodyOwner): ReadableStream<Bytes> {
  const { sink, maxBodySize } = owner;
  const message = sink.req;
  let [size, over] = [0, false];
  const body: PushBody = {
    start(to) {
      const write = (chunk: Bytes): boolean => {
        if (over) return false;
        size += chunk.byteLength;
        if (size <= maxBodySize) return to.write(chunk);
        const error = new Error(
          `the request body is longer than ${maxBodySize} bytes (option maxRequestBodySize)`,
        );
        body.cancel(error);
        owner.exceed(error);
        to.fail(error);
        return false;
      };
      const end = (): void => {
        if (!over) to.end();
        over = true;
      };
      const fail = (error: Error): void => {
        if (!over) to.fail(error);
        over = true;
      };
      const close = (): void => {
        if (!isComplete(message)) return fail(owner.disconnectError());
        // What has arrived can still be read.
        for (;;) {
          const chunk = message.read() as Bytes | null;
          if (chunk === null) return end();
          write(chunk);
        }
      };
      if (awaitingContinue.delete(message) && !sink.headersSent) sink.writeContinue();
      const kept = owner.upgrade?.content ??
        (message.readableDidRead ? bodyReadBefore(sink) : null);
      if (kept instanceof Error) return fail(kept);
      if (kept) {
        write(kept);
        return end();
      }
      if (message.destroyed || http2Stream(message)?.closed) return close();
      readers.set(message, fail);
      message.once("error", close).once("close", close);
      // Node emits `end` for an HTTP/2 stream that the client resets, too.
      message.once("end", () => isReset(http2Stream(message)) ? close() : end());
      message.on("data", (chunk: Bytes) => {
        if (!over && !write(chunk)) message.pause();
      });
    },
    resume: () => void message.resume(),
    cancel() {
      over = true;
      message.removeAllListeners("data").removeAllListeners("end").pause();
    },
  };
  return toReadableStream(body);
}

/** The body that was read before the handler was called, or the error if it was not kept. */
function bodyReadBefore(sink: ServerResponse): Bytes | Error {
  if (sink.writableEnded) return earlyResponse();
  const { rawBody, body } = sink.req as { rawBody?: unknown; body?: unknown };
  // Cloud Functions keep `rawBody`; body parsers that do not parse keep `body`.
  const kept = [rawBody, body].find((one) => typeof one === "string" || one instanceof Uint8Array);
  if (kept !== undefined) return new Uint8Array(Buffer.from(kept as string));
  return new TypeError(
    "serve: the request body was read before, for instance by a body parser; " +
      "call the listener first, or keep the bytes as request.rawBody",
  );
}

function earlyResponse(): Error {
  return new Error("the response ended before the request body");
}

/** Whether the whole body has arrived; Node calls a reset HTTP/2 request complete, too. */
function isComplete(message: IncomingMessage): boolean {
  return message.complete && !http2Stream(message);
}

function isReset(stream: ServerHttp2Stream | undefined): boolean {
  return stream !== undefined && (stream.aborted || stream.rstCode !== 0);
}

/**
 * Discards the rest of a request body, so that the connection can go on or end after a response that
 * comes early. Call it before the response begins.
 */
export function discardRest(message: IncomingMessage, sink: ServerResponse): void {
  const stream = http2Stream(message);
  if (stream) return resetAfterResponse(message, stream);
  // A client that still waits for `100 Continue` may send the body or leave it out.
  if (awaitingContinue.has(message)) sink.shouldKeepAlive = false;
  let count = -1;
  const end = (): void => {
    if (!hasNodeSockets()) message.destroy();
    else if (sink.writableFinished) linger(message.socket, message);
  };
  const discard = (): void => {
    if (message.complete || count >= 0) return;
    count = 0;
    readers.get(message)?.(earlyResponse());
    message.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
      count += chunk.byteLength;
      if (count > DRAIN_LIMIT) end();
    });
    message.resume();
  };
  // A client that writes all before it reads would never take a large response.
  sink.once("prefinish", () => setImmediate(discard));
  sink.prependOnceListener("finish", () => {
    if (message.complete) return;
    discard();
    if (count > DRAIN_LIMIT) end();
    else lingerIfLast(message);
  });
}

/**
 * Resets an HTTP/2 stream after its response, so that the client sends no more of the body (RFC 9113
 * §8.1). Node does this only for bodies that were not touched.
 */
function resetAfterResponse(message: IncomingMessage, stream: ServerHttp2Stream): void {
  const end = (): void => {
    if (stream.closed || stream.destroyed) return;
    // A reset would overtake the end of the response, and no event says when that was sent.
    if (stream.state.localClose !== 1) return void setTimeout(end, CHECK_INTERVAL);
    readers.get(message)?.(earlyResponse());
    stream.close(NO_ERROR);
    // An unread body would keep the stream open, and with it the session.
    message.removeAllListeners("data").resume();
  };
  if (stream.writableFinished) setImmediate(end);
  else stream.once("finish", () => setImmediate(end));
}
