/**
 * Answers to what no handler is asked for. They are the last on their connection: what comes behind
 * may be part of it.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { textResponse } from "../host/make_response.ts";
import { answerEarly } from "./request_body.ts";
import { answerLast, linger } from "./linger.ts";
import { answerOn, inTurn } from "./pipelining.ts";
import { writeResponse } from "./write_response.ts";

const PHRASES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  413: "Content Too Large",
  417: "Expectation Failed",
  501: "Not Implemented",
};

/** Answers a request without a handler: 204 to one that asks for the server itself, or refuses it. */
export function refuse(message: IncomingMessage, sink: ServerResponse, status: number): void {
  if (!message.complete) answerEarly(message, sink);
  if (status === 204) return void writeResponse(sink, "OPTIONS", new Response(null, { status }));
  answerLast(message, sink);
  const method = message.method ?? "GET";
  void writeResponse(sink, method, textResponse({ method }, status, PHRASES[status] ?? ""));
}

/** Refuses a request with an expectation that is not `100-continue` (RFC 9110 §10.1.1). */
export function refuseExpectation(message: IncomingMessage, sink: ServerResponse): void {
  inTurn(message, sink, () => refuse(message, sink, 417));
}

/** Refuses a tunnel (RFC 9110 §9.3.6): it is for proxies that clients are configured to use. */
export function refuseTunnel(socket: Duplex): void {
  socket.write("HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  linger(socket);
}

/** What Node's parser refuses, besides with 400. */
const BROKEN = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "413 Payload Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

/** Refuses what is no request, as Node does, but so that the answer arrives. */
export function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  const begun = answerOn(socket);
  if (error.code === "ECONNRESET" || socket.destroyed) return void socket.destroy(error);
  if (begun?.req.complete) {
    // The answer to the request before it would be lost, or taken for another.
    if (!begun.headersSent) begun.shouldKeepAlive = false;
    begun.prependOnceListener("finish", () => linger(socket));
    return void socket.removeAllListeners("data").on("data", () => {});
  }
  if (socket.writable && !begun?.headersSent) {
    const status = BROKEN.get(error.code ?? "") ?? "400 Bad Request";
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  }
  // Of a request whose content is broken, somebody waits for the rest.
  if (begun) socket.destroy(error);
  else linger(socket);
}
