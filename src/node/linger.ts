/**
 * The end of a connection whose client may still be sending. Closed at once, the system answers what
 * comes next with a reset, and the client loses the response that it has not read yet (RFC 9112 §9.6).
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { hasNodeSockets } from "../runtime.ts";

/** How often to look whether a client still sends, in milliseconds. */
const INTERVAL = 5000;
/** How often it may do so. */
const MOST_CHECKS = 6;
/** How much it may send, in bytes. */
const MOST = 256 * 1024 * 1024;

/**
 * Ends our half of a connection, and discards what comes until the client ends the other half.
 *
 * @param source Where it comes: the socket, unless a parser reads that for a message.
 */
export function linger(socket: Duplex, source: Readable = socket): void {
  const stop = (): void => void socket.destroy();
  if (!hasNodeSockets()) return void socket.end(stop);
  let [count, before, checks] = [0, 0, 0];
  const check = setInterval(() => {
    if (count === before || ++checks === MOST_CHECKS) stop();
    before = count;
  }, INTERVAL);
  source.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
    count += chunk.byteLength;
    if (count > MOST) stop();
  });
  socket.on("error", stop).once("end", stop).once("close", () => clearInterval(check));
  socket.end();
  source.resume();
}

/** Lets the connection linger if it does not stay after an answer. To be called as the answer ends. */
export function lingerIfLast(message: IncomingMessage): void {
  const { socket } = message;
  // It is how Node ends the connection after the last answer.
  if (hasNodeSockets()) socket.destroySoon = () => linger(socket, message);
}

/**
 * Makes an answer the last on its connection. What the client has sent behind the request is not
 * read as a request any more.
 */
export function answerLast(message: IncomingMessage, sink: ServerResponse): void {
  sink.shouldKeepAlive = false;
  if (!("stream" in sink)) sink.prependOnceListener("finish", () => lingerIfLast(message));
}
