/**
 * The servers of Node behind `serve`: HTTP, HTTPS, and HTTP/2 with HTTP/1.1 beside it.
 *
 * @module
 */
import {
  createServer as createHttp,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttps } from "node:https";
import { Duplex } from "node:stream";
import { awaitContinue } from "./request_body.ts";
import { HTTP2_OPTIONS, limitTime } from "./http2_limits.ts";
import { refuseBroken, refuseExpectation, refuseTunnel } from "./reject.ts";
import { limitSending } from "./send_limit.ts";
import type { ServerTimeouts } from "./timeouts.ts";
import type { Certificate } from "./server_tls.ts";

/** Makes a server; HTTP/2 needs TLS, as browsers know no other. */
export function createServer(
  listener: RequestListener,
  tls: Certificate | undefined,
  http2: boolean,
  timeouts: Required<ServerTimeouts>,
): Server {
  const { headers, request: requestTimeout } = timeouts;
  // Node wants no more than the whole may take.
  const headersTimeout = requestTimeout > 0 ? Math.min(headers, requestTimeout) : headers;
  // Where content is unlikely, Node makes no stream for it.
  const limits = { headersTimeout, requestTimeout };
  const options = { ...limits, optimizeEmptyRequests: true };
  const server = http2
    ? createSecureServer({
      ...tls,
      ...HTTP2_OPTIONS,
      ...limits,
      ...(headersTimeout > 0 ? { handshakeTimeout: headersTimeout } : {}),
      allowHTTP1: true,
    }) as unknown as Server
    : tls
    ? createHttps({ ...options, ...tls })
    : createHttp(options);
  if (http2) limitTime(server, timeouts);
  limitSending(server, tls ? "secureConnection" : "connection", timeouts.send);
  server.on("request", listener);
  // Node would ask for content before anybody wants it.
  server.on("checkContinue", (message, sink) => {
    awaitContinue(message);
    listener(message, sink);
  });
  server.on("checkExpectation", refuseExpectation);
  server.on("clientError", refuseBroken);
  server.on("connect", (message, sink: Duplex | ServerResponse) => {
    // In HTTP/2, it is a request like any other.
    if (sink instanceof Duplex) refuseTunnel(sink);
    else listener(message, sink);
  });
  return server;
}
