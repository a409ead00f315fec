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
import { guardCallback } from "./config.ts";
import { type Handler, requireHandler, requireResponse } from "./handler.ts";
import { hostRequestOf } from "./host/host_request.ts";
import { textResponse } from "./host/make_response.ts";
import { enterOf, initialMount, mountOf } from "./mount.ts";
import { cutConnection, inOrder, isLost } from "./node/connection.ts";
import { linkStandIns } from "./node/lazy_headers.ts";
import { NodeRequest } from "./node/node_request.ts";
import { parseRequest } from "./node/parse_request.ts";
import { rejectRequest } from "./node/reject.ts";
import { discardRest } from "./node/request_body.ts";
import {
  type CloseOptions,
  closeOptions,
  type ListenerOptions,
  type ListenerSettings,
  listenerSettings,
  type ServeOptions,
  type ServerTimeouts,
  serveSettings,
} from "./node/serve_options.ts";
import { createServer } from "./node/server.ts";
import { unsoundHttp2 } from "./node/server_limits.ts";
import type { ServerTls } from "./node/server_tls.ts";
import { type Handle, type UpgradeListener, upgradeListenerOf } from "./node/upgrade_listener.ts";
import { abandon, writeResponse } from "./node/write_response.ts";
import { tunnelOf } from "./transport/tunnel.ts";

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
  /** The URL of the server on this machine: `http://localhost:3000/`. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /**
   * Stops listening, and resolves when all connections are closed. Running responses are completed:
   * with `{ timeout }` they have that many milliseconds, with `true` they are cut at once. May be
   * called again, with a shorter timeout.
   *
   * @throws {TypeError} When an option is wrong, as a rejection.
   */
  close(how?: boolean | CloseOptions): Promise<void>;
}

/**
 * Listens on a port and answers requests with a handler.
 *
 * - 204 for `OPTIONS *` (RFC 9110 §9.3.7).
 * - 400 for an invalid target or host (RFC 9112 §3.2).
 * - 408 when a request takes longer than `timeouts` allow.
 * - 413 for a body larger than `maxRequestBodySize`.
 * - 431 for more than 16 KiB of headers.
 * - 500 when the handler rejects or throws.
 * - 501 for CONNECT and TRACE, and for transfer codings other than chunked (RFC 9112 §6.1).
 *
 * Pipelined requests (RFC 9112 §9.3.2) are handled one at a time; with more than 100 of them, the
 * connection is closed. An HTTP/2 connection has at most 100 concurrent requests. For other limits,
 * create a server of your own and give it a {@linkcode listener}.
 *
 * @param options See {@linkcode ServeOptions}.
 * @returns The server, once it listens. Rejects when it cannot, for instance because the port is in
 * use; the error then has the `code` that Node gave it.
 * @throws {TypeError} When an option is wrong or unknown, as a rejection.
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
  const settings = serveSettings(options);
  const { port, hostname, tls, http2 } = settings;
  const warning = http2 && unsoundHttp2(process.versions.node);
  if (warning) process.emitWarning(warning, { code: "HANDWERK_HTTP2" });
  const [server, close] = createServer(handlerOf(settings.fetch, settings), settings);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
    server.listen(port, hostname, resolve);
  });
  const address = server.address();
  const actual = address !== null && typeof address === "object" ? address.port : port;
  return {
    url: `${tls ? "https" : "http"}://${urlHost(hostname)}:${actual}/`,
    port: actual,
    close: async (how = false) => await close(closeOptions(how)),
  };
}

/**
 * Creates a listener of a handler for a `node:http` server of your own.
 *
 * @param fetch The handler.
 * @param options See {@linkcode ListenerOptions}.
 * @returns A listener for the event `request`.
 * @throws {TypeError} When `fetch` is not a handler, or an option is wrong or unknown.
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
  const handle = handlerOf(requireHandler("listener: fetch", fetch), listenerSettings(options));
  return (message, sink) => inOrder(message, sink, handle);
}

/**
 * Creates a listener for upgrades, such as WebSocket, for a `node:http` server of your own, on Node,
 * Deno and Bun. {@linkcode serve} has one already. If the handler does not return a tunnel, as a
 * proxy does, its response is sent and the connection closed.
 *
 * - 400 when the request has a body, unless it is a POST with a `Content-Length` of up to 64 KiB, on
 *   Node only.
 * - 408 when that body does not arrive within the `requestTimeout` of the server.
 *
 * @param fetch The handler; the same as that of {@linkcode listener}.
 * @param options See {@linkcode ListenerOptions}.
 * @returns A listener for the event `upgrade`.
 * @throws {TypeError} When `fetch` is not a handler, or an option is wrong or unknown.
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
  const handler = requireHandler("listener: fetch", fetch);
  return upgradeListenerOf(handlerOf(handler, listenerSettings(options)));
}

/**
 * Sends `103 Early Hints` (RFC 8297), so that the client loads what a page needs while the page is
 * being made. Does nothing after the response has begun, for a client of HTTP/1.0, and for a request
 * that did not come from {@linkcode serve} or a {@linkcode listener}.
 *
 * @param request The request as the handler received it.
 * @param links The values of `Link` headers.
 * @throws {TypeError} When a link is malformed.
 *
 * @example
 * ```ts
 * import type { Handler } from "@handwerk/handwerk";
 * import { earlyHints } from "@handwerk/handwerk/node";
 *
 * const page: Handler = async (request) => {
 *   earlyHints(request, ["</style.css>; rel=preload; as=style"]);
 *   return new Response(await Promise.resolve("<link rel=stylesheet href=/style.css>"));
 * };
 * ```
 */
export function earlyHints(request: Request, links: readonly string[]): void {
  const host = hostRequestOf(mountOf(request).original);
  if (host instanceof NodeRequest) host.writeEarlyHints(links);
}

/** The way of a request: parse it, call the handler, write the response. */
function handlerOf(handler: Handler, settings: ListenerSettings): Handle {
  linkStandIns();
  const enter = enterOf(handler);
  const onError = guardCallback("serve: onError", settings.onError);

  const fail = (request: NodeRequest, error: unknown): void => {
    const { sink, disconnectReason } = request;
    if (request.rejected) return;
    if (!disconnectReason) onError(error);
    if (sink.headersSent || disconnectReason) return cutConnection(sink);
    // Node keeps the phrase of a response whose headers it refused.
    if (!("stream" in sink)) sink.statusMessage = "";
    void respond(request, textResponse(request as object as Request, 500, "Internal Server Error"));
  };
  return (message, sink, upgrade) => {
    const request = parseRequest(message, sink, settings.maxRequestBodySize, upgrade);
    if (typeof request === "number") return rejectRequest(message, sink, request);
    if (request.address === undefined && isLost(message.socket)) return cutConnection(sink);
    try {
      const own = request as object as Request;
      const response = enter(own, initialMount(own, request.target), []);
      // Most responses of our own are there at once; no promise is created for them.
      if (response instanceof Response) {
        respond(request, response)?.catch((error: unknown) => fail(request, error));
        return;
      }
      request.watch();
      Promise.resolve(response)
        .then((settled) => respond(request, settled))
        .catch((error: unknown) => fail(request, error));
    } catch (error) {
      fail(request, error);
    }
  };
}

function respond(request: NodeRequest, value: unknown): void | Promise<void> {
  const response = requireResponse("serve: the handler", value);
  if (response.status < 200) {
    // The client would wait for the final response, and take the next one for it.
    throw new TypeError(`serve: the handler returned the status ${response.status}`);
  }
  const { sink, method, upgrade } = request;
  if (request.disconnectReason) return abandon(response);
  const tunnel = upgrade?.openTunnel && tunnelOf(response);
  if (tunnel) return upgrade.openTunnel(tunnel);
  // Where there is no body, Node may have created no stream that ends.
  if (!sink.req.complete && !sink.req.readableEnded) discardRest(sink.req, sink);
  return writeResponse(sink, method, response);
}

function urlHost(hostname: string | undefined): string {
  if (hostname === undefined || hostname === "0.0.0.0" || hostname === "::") return "localhost";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  const why = error.code === "EADDRINUSE"
    ? `port ${port} is in use; stop what listens there, or choose another port`
    : error.code === "EACCES"
    ? `port ${port} needs rights that this process does not have; choose one above 1023`
    : error.message;
  return Object.assign(new Error(`serve: ${why}`, { cause: error }), { code: error.code });
}
