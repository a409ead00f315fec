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
import { createSecureServer, type Http2Session } from "node:http2";
import { createServer as createHttps } from "node:https";
import { Duplex } from "node:stream";
import { awaitContinue } from "./content.ts";
import type { Certificate } from "./tls.ts";

/** Makes a server; HTTP/2 needs TLS, as browsers know no other. */
export function createServer(
  listener: RequestListener,
  tls: Certificate | undefined,
  http2: boolean,
): Server {
  // Where content is unlikely, Node makes no stream for it.
  const options = { optimizeEmptyRequests: true };
  const server = http2
    ? createSecureServer({ ...tls, allowHTTP1: true }) as unknown as Server
    : tls
    ? createHttps({ ...options, ...tls })
    : createHttp(options);
  server.on("request", listener);
  // Node would ask for content before anybody wants it.
  server.on("checkContinue", (message, sink) => {
    awaitContinue(message);
    listener(message, sink);
  });
  server.on("connect", (message, sink: Duplex | ServerResponse) => {
    // In HTTP/2, it is a request like any other.
    if (sink instanceof Duplex) refuseTunnel(sink);
    else listener(message, sink);
  });
  return server;
}

/** A tunnel (RFC 9110 §9.3.6) is for proxies that clients are configured to use. */
function refuseTunnel(socket: Duplex): void {
  // Node has let go of the socket: an error that nobody else hears of would end the process, and
  // there is no limit of time any more for a client that keeps its half open.
  socket.on("error", () => {});
  socket.end(
    "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    () => socket.destroy(),
  );
}

/** How often a server that closes looks for connections that have become idle, in milliseconds. */
const LOOK = 50;

/** A function that stops a server, at once when it is forced to. */
export function closer(server: Server): (force: boolean) => Promise<void> {
  const sessions = new Set<Http2Session>();
  server.on("session", (session: Http2Session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  return (force) =>
    new Promise((resolve, reject) => {
      // A connection of HTTP/1.1 is kept after an answer, although the server has stopped.
      const look = setInterval(() => server.closeIdleConnections?.(), LOOK);
      server.close((error) => {
        clearInterval(look);
        if (error) reject(error);
        else resolve();
      });
      for (const session of sessions) {
        if (force) session.destroy();
        else session.close();
      }
      if (force) server.closeAllConnections?.();
      else server.closeIdleConnections?.();
    });
}
