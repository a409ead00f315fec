/**
 * Requests that a client sends before earlier ones are answered (RFC 9112 §9.3.2).
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { sideTable } from "../host/side_table.ts";

/** How many requests may wait for earlier ones; nobody who means well sends so far ahead. */
const MOST = 100;

/** How many wait on a connection. */
const waiting = sideTable<IncomingMessage["socket"], number>();

/**
 * Calls back when all earlier requests of the connection are answered. Node would have as many
 * handlers run at once as a client sends requests, and those of unsafe methods are to run in order.
 */
export function inTurn(
  message: IncomingMessage,
  sink: ServerResponse,
  answer: (message: IncomingMessage, sink: ServerResponse) => void,
): void {
  // HTTP/2 has streams in place of an order.
  if ("stream" in sink) return answer(message, sink);
  // Behind the last answer there is none.
  if (sink.socket?.writableEnded) return void message.resume();
  // What has the connection is first.
  if (sink.socket !== null) return answer(message, sink);
  const { socket } = message;
  const count = (waiting.get(socket) ?? 0) + 1;
  if (count > MOST) return void socket.destroy();
  waiting.set(socket, count);
  sink.once("socket", () => {
    waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
    if (socket.writableEnded) message.resume();
    else answer(message, sink);
  });
}

/** The answer that a connection of HTTP/1 is at, if its request has begun and it has not ended. */
export function answerOn(socket: Duplex): ServerResponse | undefined {
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse | null };
  return answer ?? undefined;
}
