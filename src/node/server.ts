/**
 * Creates and closes the server behind `serve`: HTTP, HTTPS, or HTTP/2 with HTTP/1.1 beside it.
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { LONGEST } from "../config.ts";
import { builtin } from "../runtime.ts";
import { closeAfterResponse, currentResponse, inOrder, peerAddress } from "./connection.ts";
import { rejectConnect, rejectExpectation, rejectMalformed } from "./reject.ts";
import { awaitContinue } from "./request_body.ts";
import type { CloseOptions, ServeSettings } from "./serve_options.ts";
import { HTTP2_OPTIONS, limitConnections, limitHttp2, limitSending } from "./server_limits.ts";
import { acceptUpgrades, type Handle, isDeclined } from "./upgrade_listener.ts";

/** How often idle connections are closed while the server closes, in milliseconds. */
const IDLE_INTERVAL = 50;
/** How long a request may take to arrive while the server closes, in milliseconds. */
const ARRIVAL_TIMEOUT = 1000;

/** A server that does not listen yet, and the function that closes it. */
export function createServer(
  handle: Handle,
  settings: ServeSettings,
): readonly [server: Server, close: (options: Required<CloseOptions>) => Promise<void>] {
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
  const listener = (message: IncomingMessage, sink: ServerResponse): void => {
    if (isDeclined(message)) closeAfterResponse(message, sink);
    inOrder(message, sink, handle);
  };
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
  return [server, closer(server, acceptUpgrades(server, handle))];
}

/**
 * Creates the function that closes a server. It may be called again, with a shorter timeout.
 *
 * @param closeDetached Closes the connections that the server does not close.
 */
function closer(
  server: Server,
  closeDetached: () => void,
): (options: Required<CloseOptions>) => Promise<void> {
  const sockets = open<Socket>(server, "connection");
  const secureSockets = open<Socket>(server, "secureConnection");
  const sessions = open<Http2Session>(server, "session");
  let closed: Promise<void> | undefined;

  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      // Node keeps an HTTP/1.1 connection after its response, although the server has stopped.
      const idle = setInterval(() => server.closeIdleConnections?.(), IDLE_INTERVAL);
      // Node no longer applies its timeouts to requests.
      const waiting = setInterval(() => {
        for (const socket of [...sockets, ...secureSockets]) {
          if (isWaiting(socket)) socket.destroy();
        }
      }, ARRIVAL_TIMEOUT);
      server.close(() => {
        clearInterval(idle);
        clearInterval(waiting);
        resolve();
      });
      for (const session of sessions) session.close();
    });
  const force = (): void => {
    closeDetached();
    for (const session of sessions) session.destroy();
    // Before the end of the TLS handshake, there is only the socket below.
    for (const socket of [...secureSockets, ...sockets]) socket.destroy();
  };
  return async ({ timeout }) => {
    closed ??= stop();
    if (timeout === Infinity) closeDetached();
    else if (timeout === 0) force();
    else {
      const timer = setTimeout(force, Math.min(timeout, LONGEST));
      void closed.then(() => clearTimeout(timer));
    }
    await closed;
  };
}

/** Whether an HTTP/1 connection has no complete request. */
function isWaiting(socket: Socket): boolean {
  const { parser } = socket as { parser?: object | null };
  return Boolean(parser) && !currentResponse(socket);
}

/** The open connections or sessions of a server. */
function open<T extends NodeJS.EventEmitter>(server: Server, event: string): Set<T> {
  const all = new Set<T>();
  server.on(event, (one: T) => {
    all.add(one);
    one.once("close", () => all.delete(one));
  });
  return all;
}
