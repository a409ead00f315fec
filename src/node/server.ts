/**
 * Creates the server behind `serve`: HTTP, HTTPS, or HTTP/2 with HTTP/1.1 beside it.
 *
 * @module
 */
import type { RequestListener, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { builtin } from "../runtime.ts";
import { peerAddress } from "./connection.ts";
import { HTTP2_OPTIONS, limitConnections, limitHttp2, limitSending } from "./server_limits.ts";
import { rejectConnect, rejectExpectation, rejectMalformed } from "./reject.ts";
import { awaitContinue } from "./request_body.ts";
import type { ServeSettings } from "./serve_options.ts";

/** Creates a server that does not listen yet. */
export function createServer(listener: RequestListener, settings: ServeSettings): Server {
  const { tls, http2, timeouts } = settings;
  const { headers, request: requestTimeout } = timeouts;
  // Node refuses a larger time for the headers than for the whole request.
  const headersTimeout = requestTimeout > 0 ? Math.min(headers, requestTimeout) : headers;
  const limits = { headersTimeout, requestTimeout };
  // Node then creates no stream for the body of most GET requests.
  const http1 = { ...limits, optimizeEmptyRequests: true };
  // Browsers speak HTTP/2 over TLS only.
  const server = http2
    ? builtin("node:http2").createSecureServer({
      ...tls,
      ...HTTP2_OPTIONS,
      ...limits,
      ...(headersTimeout > 0 ? { handshakeTimeout: headersTimeout } : {}),
      allowHTTP1: true,
    }) as unknown as Server
    : tls
    ? builtin("node:https").createServer({ ...http1, ...tls })
    : builtin("node:http").createServer(http1);
  // The system forgets the address as soon as the client resets; the socket keeps it once read.
  server.on("connection", peerAddress);
  limitConnections(server, settings.maxConnections, settings.maxConnectionsPerAddress);
  limitSending(server, tls ? "secureConnection" : "connection", timeouts.send);
  if (http2) limitHttp2(server, timeouts);
  server.on("request", listener);
  // Without this listener, Node sends `100 Continue` before the handler reads the body.
  server.on("checkContinue", (message, sink) => {
    awaitContinue(message);
    listener(message, sink);
  });
  server.on("checkExpectation", rejectExpectation);
  server.on("clientError", rejectMalformed);
  server.on("connect", (message, sink: Duplex | ServerResponse) => {
    // On HTTP/2, CONNECT is a request like any other.
    if (sink instanceof builtin("node:stream").Duplex) rejectConnect(sink);
    else listener(message, sink);
  });
  return server;
}
