/**
 * A connection: the address of its peer, the order of its requests, and the ways to end it.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import { sideTable } from "../host/side_table.ts";
import { hasNodeSockets } from "../runtime.ts";

/** RFC 9113 §7. */
const INTERNAL_ERROR = 2;
/** How many pipelined requests may wait; real clients send far fewer ahead. */
const MAX_PIPELINED = 100;
/** How often a lingering connection is checked for new data, in milliseconds. */
const LINGER_INTERVAL = 5000;
/** How many of these intervals a client may go on sending. */
const LINGER_CHECKS = 6;
/** How much a client may send to a lingering connection, in bytes. */
const LINGER_BYTES = 256 * 1024 * 1024;

/** The HTTP/2 stream of a request or a response; `undefined` on HTTP/1. */
export function http2Stream(
  message: IncomingMessage | ServerResponse,
): ServerHttp2Stream | undefined {
  return (message as { readonly stream?: ServerHttp2Stream }).stream;
}

/** The socket that carries a connection: the one below TLS, where Node shows it. */
export function transportSocket(socket: Socket): Socket {
  const { _parent: parent } = socket as { readonly _parent?: Socket | null };
  return parent ?? socket;
}

/** The IP address of the peer, where it is known. */
export function peerAddress(socket: Socket): string | undefined {
  return socket.remoteAddress ?? transportSocket(socket).remoteAddress;
}

/**
 * Whether a connection without a peer address has lost its peer. Without this check, a client that
 * resets its connection at once would pass for a request without a client, such as the proxy's own.
 * Unix sockets have neither a remote nor a local address.
 */
export function isLost(socket: Socket): boolean {
  return socket.localAddress !== undefined || socket.destroyed;
}

/** The number of pipelined requests that wait on a connection. */
const pipelined = sideTable<Socket, number>();

/**
 * Handles a request once all earlier requests of its connection have their response (RFC 9112
 * §9.3.2). Node would run the handlers of pipelined requests at the same time, and unsafe methods
 * must run in order.
 */
export function inOrder(
  message: IncomingMessage,
  sink: ServerResponse,
  handle: (message: IncomingMessage, sink: ServerResponse) => void,
): void {
  if (http2Stream(sink)) return handle(message, sink);
  // A request behind the last response gets none.
  if (sink.socket?.writableEnded) return void message.resume();
  // Node assigns the socket to the response whose turn it is.
  if (sink.socket !== null) return handle(message, sink);
  const { socket } = message;
  const count = (pipelined.get(socket) ?? 0) + 1;
  if (count > MAX_PIPELINED) return void socket.destroy();
  pipelined.set(socket, count);
  sink.once("socket", () => {
    pipelined.set(socket, (pipelined.get(socket) ?? 1) - 1);
    if (socket.writableEnded) message.resume();
    else handle(message, sink);
  });
}

/** The unfinished response of an HTTP/1 connection. */
export function currentResponse(socket: Duplex): ServerResponse | undefined {
  const { _httpMessage: response } = socket as { readonly _httpMessage?: ServerResponse | null };
  return response ?? undefined;
}

/**
 * Closes a connection whose client may still be sending: ends our half and discards what arrives
 * until the client ends its half. If the socket were closed at once, the system would reset the
 * connection, and the client would lose a response that it has not read yet (RFC 9112 §9.6).
 *
 * @param source Where the data arrives: the socket, or the message that a parser fills from it.
 */
export function linger(socket: Duplex, source: Readable = socket): void {
  const stop = (): void => void socket.destroy();
  if (!hasNodeSockets()) return void socket.end(stop);
  let [count, before, checks] = [0, 0, 0];
  const check = setInterval(() => {
    if (count === before || ++checks === LINGER_CHECKS) stop();
    before = count;
  }, LINGER_INTERVAL);
  source.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
    count += chunk.byteLength;
    if (count > LINGER_BYTES) stop();
  });
  socket.on("error", stop).once("end", stop).once("close", () => clearInterval(check));
  socket.end();
  source.resume();
}

/** Lets a connection that Node closes after the response linger. Call it as the response ends. */
export function lingerIfLast(message: IncomingMessage): void {
  const { socket } = message;
  // Node calls it after the last response of a connection.
  if (hasNodeSockets()) socket.destroySoon = () => linger(socket, message);
}

/** Makes a response the last of its connection. What follows the request is not parsed as another. */
export function closeAfterResponse(message: IncomingMessage, sink: ServerResponse): void {
  sink.shouldKeepAlive = false;
  if (!http2Stream(sink)) sink.prependOnceListener("finish", () => lingerIfLast(message));
}

/** Resets a connection: the system drops what it has not sent yet. */
export function resetConnection(socket: Socket): void {
  const carrier = transportSocket(socket);
  // Unix sockets, which have no address, cannot be reset.
  if (carrier.localAddress === undefined) socket.destroy();
  else carrier.resetAndDestroy();
}

/** Cuts a response, so that it does not look complete. What was written before is sent. */
export function cutConnection(sink: ServerResponse): void {
  // Node sends what was written at the end of the turn.
  if (sink.headersSent) setImmediate(cut, sink);
  else cut(sink);
}

function cut(sink: ServerResponse): void {
  const { socket } = sink;
  const stream = http2Stream(sink);
  // Node closes a destroyed stream without an error code (RFC 9113 §7).
  if (stream) stream.close(INTERNAL_ERROR);
  // HTTP/1.0 clients take the end of the connection for the end of the content, unless TLS shows
  // that the connection was cut (RFC 8446 §6.1).
  else if (
    sink.headersSent && sink.req.httpVersion === "1.0" && socket && !("encrypted" in socket)
  ) {
    resetConnection(socket);
  } else sink.destroy();
}
