/**
 * Responses to requests that reach no handler. Each is the last on its connection, because what
 * follows could be the rest of the rejected request.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { textResponse } from "../host/make_response.ts";
import { closeAfterResponse, currentResponse, inOrder, linger } from "./connection.ts";
import { discardRest } from "./request_body.ts";
import { writeResponse } from "./write_response.ts";

const PHRASES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  413: "Content Too Large",
  417: "Expectation Failed",
  501: "Not Implemented",
};

/** The statuses for errors of Node's parser; 400 for all others. */
const PARSER_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Answers a request without its handler: `OPTIONS *` with 204, others with an error. */
export function rejectRequest(
  message: IncomingMessage,
  sink: ServerResponse,
  status: number,
): void {
  if (!message.complete) discardRest(message, sink);
  if (status === 204) return void writeResponse(sink, "OPTIONS", new Response(null, { status }));
  closeAfterResponse(message, sink);
  const method = message.method ?? "GET";
  void writeResponse(sink, method, textResponse({ method }, status, PHRASES[status] ?? ""));
}

/** Rejects an `Expect` other than `100-continue` (RFC 9110 §10.1.1). */
export function rejectExpectation(message: IncomingMessage, sink: ServerResponse): void {
  inOrder(message, sink, () => rejectRequest(message, sink, 417));
}

/** Rejects CONNECT (RFC 9110 §9.3.6), which is for forward proxies. */
export function rejectConnect(socket: Duplex): void {
  socket.write("HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  linger(socket);
}

/** Rejects bytes that are no request, as Node does, but lets the client read the response. */
export function rejectMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  const begun = currentResponse(socket);
  if (error.code === "ECONNRESET" || socket.destroyed) return void socket.destroy(error);
  if (begun?.req.complete) {
    // The response to the request before must arrive, and be the only one.
    if (!begun.headersSent) begun.shouldKeepAlive = false;
    begun.prependOnceListener("finish", () => linger(socket));
    return void socket.removeAllListeners("data").on("data", () => {});
  }
  if (socket.writable && !begun?.headersSent) {
    const status = PARSER_ERRORS[error.code ?? ""] ?? "400 Bad Request";
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  }
  // The handler of a request with a malformed body waits for the rest of it.
  if (begun) socket.destroy(error);
  else linger(socket);
}
