/**
 * The content of a received message.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { attached } from "../attached.ts";
import { type Flow, streamOf } from "../http/flow.ts";
import { canLinger, linger, lingerIfLast } from "./linger.ts";

/** How much of a request that was answered early is read to keep the connection. */
const DRAIN_LIMIT = 256 * 1024;

/** Messages that wait for `100 Continue` before they send content (RFC 9110 §10.1.1). */
const waiting = new WeakSet<IncomingMessage>();

/** What tells whoever reads the content of a message that there will be no more. */
const readers = attached<IncomingMessage, (error: Error) => void>();

/** Notes that the client waits for `100 Continue`. */
export function awaitContinue(message: IncomingMessage): void {
  waiting.add(message);
}

/** The content as it comes; reading pauses when nobody takes it. */
export function contentOf(
  message: IncomingMessage,
  sink: ServerResponse,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(flowOf(message, sink));
}

/** Nothing is read, nor 100 Continue sent, before somebody asks for content. */
function flowOf(message: IncomingMessage, sink: ServerResponse): Flow {
  let over = false;
  return {
    start(to) {
      if (waiting.delete(message) && !sink.headersSent) sink.writeContinue();
      const fail = (error: Error): void => {
        if (!over) to.fail(error);
        over = true;
      };
      // Without the end, the client has left in the middle.
      const leave = (): void => {
        if (!over) fail(new Error("the client closed the connection"));
      };
      if (message.destroyed) return leave();
      readers.set(message, fail);
      message.once("error", fail).once("close", leave);
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

function isReset(message: IncomingMessage): boolean {
  const { stream } = message as {
    stream?: { readonly aborted: boolean; readonly rstCode: number };
  };
  return stream !== undefined && (stream.aborted || stream.rstCode !== 0);
}

/**
 * Makes sure that the connection of an answer that comes before the end of the request ends or can
 * go on: what is left of the request would be in the way of the next. To be called before the
 * answer is begun.
 */
export function answerEarly(message: IncomingMessage, sink: ServerResponse): void {
  // Nobody can know whether the client will still send the content.
  if (waiting.has(message)) sink.shouldKeepAlive = false;
  let count = -1;
  const isTooMuch = (): boolean => count > DRAIN_LIMIT;
  const end = (): void => {
    if ("stream" in sink || !canLinger()) message.destroy();
    else if (sink.writableFinished) linger(message.socket, message);
  };
  const discard = (): void => {
    if (message.complete || count >= 0) return;
    count = 0;
    readers.get(message)?.(new Error("the answer ended before the content of its request"));
    message.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
      count += chunk.byteLength;
      if (isTooMuch()) end();
    });
    message.resume();
  };
  // A client that writes before it reads takes no large answer while nobody reads what it writes.
  if (!("stream" in sink)) sink.once("prefinish", () => setImmediate(discard));
  sink.prependOnceListener("finish", () => {
    if (message.complete) return;
    discard();
    if ("stream" in sink) return;
    if (isTooMuch()) end();
    else lingerIfLast(message);
  });
}
