/**
 * Serves a handler on Node.
 *
 * ```ts
 * import { notFound } from "@handwerk/handwerk";
 * import { serve } from "@handwerk/handwerk/node";
 *
 * const server = await serve({ fetch: notFound, port: 0, hostname: "127.0.0.1" });
 * console.log((await fetch(server.url)).status); // 404
 * await server.close();
 * ```
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { checkOptions, guardCallback } from "./config.ts";
import { type Handler, requireHandler, requireResponse } from "./handler.ts";
import { textResponse } from "./host/make_response.ts";
import { enterOf, initialMount } from "./mount.ts";
import { type CloseOptions, closeOptions, closer } from "./node/closing.ts";
import { limitConnections } from "./node/connection_limit.ts";
import { answerEarly } from "./node/request_body.ts";
import { answerLast } from "./node/linger.ts";
import { unsoundHttp2 } from "./node/http2_limits.ts";
import { refuse } from "./node/reject.ts";
import { inTurn } from "./node/pipelining.ts";
import { isLost, rememberPeers } from "./node/peer.ts";
import { parseRequest } from "./node/parse_request.ts";
import { abandon, cutConnection, writeResponse } from "./node/write_response.ts";
import {
  LISTENER_OPTIONS,
  type ListenerOptions,
  MAX_REQUEST_BODY_SIZE,
  SERVE_HINTS,
  SERVE_OPTIONS,
  type ServeOptions,
} from "./node/serve_options.ts";
import { createServer } from "./node/server.ts";
import { type ServerTimeouts, withDefaults } from "./node/timeouts.ts";
import { readTls, type ServerTls } from "./node/server_tls.ts";
import {
  acceptUpgrades,
  isDeclined,
  tunnellerOf,
  type UpgradeListener,
  upgrading,
} from "./node/upgrade_listener.ts";
import { tunnelOf } from "./transport/tunnel.ts";

export { earlyHints } from "./node/early_hints.ts";
export type {
  CloseOptions,
  ListenerOptions,
  ServeOptions,
  ServerTimeouts,
  ServerTls,
  UpgradeListener,
};

/** A server that listens. */
export interface RunningServer {
  /** Where it can be reached from this machine: `http://localhost:3000/`. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  /**
   * Stops listening, and resolves when all connections are closed. Requests that are being answered
   * are answered: with `{ timeout }`, for so many milliseconds at most; with `true`, not at all. May
   * be called again, to close sooner.
   *
   * @throws {TypeError} When an option is wrong, as a rejection.
   */
  close(how?: boolean | CloseOptions): Promise<void>;
}

/**
 * Listens on a port and answers requests with a handler.
 *
 * - 204 to `OPTIONS *` (RFC 9110 §9.3.7).
 * - 400 when a request has no valid target or host (RFC 9112 §3.2).
 * - 500 when the handler rejects or throws.
 * - 501 to CONNECT and TRACE, and to transfer codings other than chunked (RFC 9112 §6.1).
 *
 * Requests that are sent ahead on a connection (RFC 9112 §9.3.2) are answered one at a time; when
 * more than 100 wait, the connection is closed.
 *
 * A request has at most 16 KiB of fields (431) and 1 GiB of content (413; `maxRequestBodySize`), and
 * `timeouts` say how long it may take (408). A connection of HTTP/2 has at most 100 requests at a
 * time. For other limits make a server of your own and give it a {@linkcode listener}.
 *
 * @param options See {@linkcode ServeOptions}.
 * @returns The server, when it listens. Rejects when it cannot, for instance because the port is
 * taken; the error then has the `code` that Node gave it.
 * @throws {TypeError} When an option is wrong, or there is no such option; as a rejection, too.
 *
 * @example
 * ```ts
 * import { notFound } from "@handwerk/handwerk";
 * import { serve } from "@handwerk/handwerk/node";
 *
 * const server = await serve({ fetch: notFound, port: 0 });
 * console.log((await fetch(server.url)).status); // 404
 * await server.close(true);
 * ```
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  checkOptions("serve", options, SERVE_OPTIONS, { required: ["fetch"], elsewhere: SERVE_HINTS });
  const { fetch, port = 3000, hostname, tls, http2 = false } = options;
  if (http2 && tls === undefined) {
    throw new TypeError("serve: http2 needs tls, a certificate and its key");
  }
  const unsound = http2 && unsoundHttp2(process.versions.node);
  if (unsound) process.emitWarning(unsound, { code: "HANDWERK_HTTP2" });
  const listen = listener(fetch, {
    ...(options.onError && { onError: options.onError }),
    ...(options.maxRequestBodySize !== undefined &&
      { maxRequestBodySize: options.maxRequestBodySize }),
  });
  const certificate = tls === undefined ? undefined : readTls(tls);
  const server = createServer(listen, certificate, http2, withDefaults(options.timeouts));
  rememberPeers(server);
  const { maxConnections = Infinity, maxConnectionsPerAddress = Infinity } = options;
  limitConnections(server, maxConnections, maxConnectionsPerAddress);
  const close = closer(server, acceptUpgrades(server, listen));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, port)));
    server.listen(port, hostname, resolve);
  });
  const address = server.address();
  const actual = address !== null && typeof address === "object" ? address.port : port;
  return {
    url: `${tls ? "https" : "http"}://${nameOf(hostname)}:${actual}/`,
    port: actual,
    close: async (how = false) => await close(closeOptions(how)),
  };
}

/**
 * Makes a listener for `node:http` of a handler, for those who have a server already.
 *
 * @param fetch The handler.
 * @param options See {@linkcode ListenerOptions}.
 * @returns A listener for the event `request`.
 * @throws {TypeError} When `fetch` or `onError` is not a function.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { notFound } from "@handwerk/handwerk";
 * import { listener } from "@handwerk/handwerk/node";
 *
 * const server = createServer(listener(notFound));
 * ```
 */
export function listener(
  fetch: Handler,
  options: ListenerOptions = {},
): (message: IncomingMessage, sink: ServerResponse) => void {
  const handler = requireHandler("listener: fetch", fetch);
  checkOptions("listener", options, LISTENER_OPTIONS);
  const { onError = console.error, maxRequestBodySize = MAX_REQUEST_BODY_SIZE } = options;
  const tell = guardCallback("serve: onError", onError);
  const enter = enterOf(handler);
  const answer = (message: IncomingMessage, sink: ServerResponse): void => {
    if (isDeclined(message)) answerLast(message, sink);
    let refused = false;
    const exceeded = (error: Error): void => {
      // From here on it is as if the client had left.
      if (typeof received === "object") received.leave(error);
      if (sink.headersSent) return cutConnection(sink);
      refused = true;
      refuse(message, sink, 413);
    };
    const received = parseRequest(message, sink, { most: maxRequestBodySize, exceeded });
    if (typeof received === "number") return refuse(message, sink, received);
    if (received.address === undefined && isLost(message.socket)) return cutConnection(sink);
    const request = received as unknown as Request;
    const open = tunnellerOf(sink);
    const send = (answer: unknown): void | Promise<void> => {
      const response = checked(answer);
      if (received.disconnectReason) return abandon(response);
      const tunnel = open && tunnelOf(response);
      if (tunnel) return open(tunnel);
      // Where there is no content, Node may have made no stream for it.
      if (!message.complete && !message.readableEnded) answerEarly(message, sink);
      return writeResponse(sink, received.method, response);
    };
    const fail = (error: unknown): void => {
      if (refused) return;
      if (!received.disconnectReason) tell(error);
      if (sink.headersSent || received.disconnectReason) return cutConnection(sink);
      // Node keeps the phrase of fields that it refused.
      if (!("stream" in sink)) sink.statusMessage = "";
      void send(textResponse(request, 500, "Internal Server Error"));
    };
    try {
      const response = enter(request, initialMount(request, received.target), []);
      if (response instanceof Response) return void send(response)?.catch(fail);
      received.watch();
      Promise.resolve(response).then(send).catch(fail);
    } catch (error) {
      fail(error);
    }
  };
  return (message, sink) => inTurn(message, sink, answer);
}

/**
 * Makes a listener for upgrades of a handler, for those who have a server of `node:http` already: on
 * Node, Deno and Bun. {@linkcode serve} does this itself. A request that the handler, such as a
 * proxy, does not make a tunnel of is answered, and its connection closed.
 *
 * - 400 when the request has content, other than a POST with up to 64 KiB of a known length, which
 *   Node alone can read.
 * - 408 when that does not come in the server's `requestTimeout`.
 *
 * @param fetch The handler; the same as that of {@linkcode listener}.
 * @param options See {@linkcode ListenerOptions}.
 * @returns A listener for the event `upgrade`.
 * @throws {TypeError} When `fetch` is not a function.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { listener, upgradeListener } from "@handwerk/handwerk/node";
 *
 * const app = proxy({ "/live": "http://127.0.0.1:5001/" })(notFound);
 * const server = createServer(listener(app)).on("upgrade", upgradeListener(app));
 * ```
 */
export function upgradeListener(fetch: Handler, options: ListenerOptions = {}): UpgradeListener {
  return upgrading(listener(fetch, options));
}

function checked(value: unknown): Response {
  const response = requireResponse("serve: the handler", value);
  // A client would wait for the final answer, and take the next one for it.
  if (response.status >= 200) return response;
  throw new TypeError(`serve: the handler returned the status ${response.status}`);
}

function nameOf(hostname: string | undefined): string {
  if (hostname === undefined || hostname === "0.0.0.0" || hostname === "::") return "localhost";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

function explain(error: NodeJS.ErrnoException, port: number): Error {
  const why = error.code === "EADDRINUSE"
    ? `port ${port} is in use; stop what listens there, or choose another port`
    : error.code === "EACCES"
    ? `port ${port} needs rights that this process does not have; choose one above 1023`
    : error.message;
  return Object.assign(new Error(`serve: ${why}`, { cause: error }), { code: error.code });
}
