/**
 * The content of a received message.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** How much of a request that was answered early is read to keep the connection. */
const DRAIN_LIMIT = 256 * 1024;

/** How much content waits in memory for whoever reads it. */
const MOST_WAITING = 64 * 1024;

/** Messages that wait for `100 Continue` before they send content (RFC 9110 §10.1.1). */
const waiting = new WeakSet<IncomingMessage>();

/** Notes that the client waits for `100 Continue`. */
export function awaitContinue(message: IncomingMessage): void {
  waiting.add(message);
}

/** The content as it comes; reading pauses when nobody takes it. */
export function contentOf(
  message: IncomingMessage,
  sink: ServerResponse,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      const take = (chunk: Uint8Array<ArrayBuffer>): void => {
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= -MOST_WAITING) message.pause();
      };
      message.on("data", take).pause();
      message.once("end", () => controller.close());
      message.once("error", (error) => controller.error(error));
      // Without the end, the client has left in the middle.
      message.once("close", () => {
        if (!message.complete) controller.error(new Error("the client closed the connection"));
      });
    },
    pull() {
      if (waiting.delete(message) && !sink.headersSent) sink.writeContinue();
      if (message.isPaused()) message.resume();
    },
    cancel: () => void message.removeAllListeners("data").removeAllListeners("end").pause(),
    // Nothing is read, nor 100 Continue sent, before somebody asks for content.
  }, { highWaterMark: 0, size: (chunk) => chunk.byteLength });
}

/**
 * Makes sure that the connection of an answer that comes before the end of the request ends or can
 * go on: what is left of the request would be in the way of the next. To be called before the
 * answer is begun.
 */
export function answerEarly(message: IncomingMessage, sink: ServerResponse): void {
  // Nobody can know whether the client will still send the content.
  if (waiting.has(message)) sink.shouldKeepAlive = false;
  sink.prependOnceListener("finish", () => {
    if (message.complete) return;
    let count = 0;
    message.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
      count += chunk.byteLength;
      if (count > DRAIN_LIMIT) message.destroy();
    });
    message.resume();
  });
}
