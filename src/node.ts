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
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
// @ts-ignore: undici has types for its index alone, which would replace the dispatcher behind fetch
import Agent from "undici/lib/dispatcher/agent.js";
import type { Handler } from "./handler.ts";
import { toRequest } from "./node/request.ts";
import { writeResponse } from "./node/response.ts";
import { acceptUpgrades, tunnellerOf, type UpgradeListener, upgrading } from "./node/upgrade.ts";
import { agentTransport } from "./runtime/node.ts";
import { setNodeTransport } from "./runtime/transport.ts";
import { offerTunnel, tunnelOf } from "./runtime/tunnel.ts";
import type { AgentConstructor } from "./runtime/undici.ts";

// A bundle has no node_modules to load undici from, so it is imported here and handed over.
const agent: unknown = Agent;
setNodeTransport(agentTransport(agent as AgentConstructor));

export type { UpgradeListener };

/** What is told of errors. */
export interface ListenerOptions {
  /**
   * Is told of an error: of a handler that rejected, which the client sees as 500, or of content
   * that failed, which the client sees as a broken connection. Default: `console.error`.
   */
  readonly onError?: (error: unknown) => void;
}

/** Options of {@linkcode serve}. */
export interface ServeOptions extends ListenerOptions {
  /** The handler. */
  readonly fetch: Handler;
  /** The port; 0 for one that is free. Default 3000. */
  readonly port?: number;
  /** The address or host name to listen on. Default: all addresses of the machine. */
  readonly hostname?: string;
}

/** A server that listens. */
export interface RunningServer {
  /** Where it can be reached from this machine: `http://localhost:3000/`. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  /**
   * Stops listening, and resolves when all connections are closed. Requests that are being answered
   * are answered, unless `force` is `true`; tunnels, as of WebSocket, are closed.
   */
  close(force?: boolean): Promise<void>;
}

/** How much of a request that was answered early is read to keep the connection. */
const DRAIN_LIMIT = 256 * 1024;

/**
 * Listens on a port and answers requests with a handler.
 *
 * - 400 when a request has no valid target or host (RFC 9112 §3.2).
 * - 500 when the handler rejects or throws.
 *
 * @param options See {@linkcode ServeOptions}.
 * @returns The server, when it listens. Rejects when it cannot, for instance because the port is
 * taken; the error then has the `code` that Node gave it.
 * @throws {TypeError} When `fetch` is not a function or the port is none.
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
  const { fetch, port = 3000, hostname, onError } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new TypeError("serve: port must be a whole number, from 0 to 65535");
  }
  const listen = listener(fetch, onError ? { onError } : {});
  const server = createServer(listen);
  const closeTunnels = acceptUpgrades(server, listen);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, port)));
    server.listen(port, hostname, resolve);
  });
  const address = server.address();
  const actual = address !== null && typeof address === "object" ? address.port : port;
  return {
    url: `http://${nameOf(hostname)}:${actual}/`,
    port: actual,
    close: (force = false) => {
      closeTunnels();
      return close(server, force);
    },
  };
}

/**
 * Makes a listener for `node:http` of a handler, for those who have a server already.
 *
 * @param fetch The handler.
 * @param options See {@linkcode ListenerOptions}.
 * @returns A listener for the event `request`.
 * @throws {TypeError} When `fetch` is not a function.
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
  if (typeof fetch !== "function") {
    throw new TypeError(`serve: fetch is ${typeof fetch}; give it a handler`);
  }
  const { onError = console.error } = options;
  return (message, sink) => {
    const gone = new AbortController();
    sink.once("close", () => {
      if (!sink.writableFinished) gone.abort(new Error("the client closed the connection"));
    });
    sink.once("finish", () => drain(message));
    const open = tunnellerOf(sink);
    answer(fetch, message, gone.signal, onError, open !== undefined)
      .then((response) => {
        const tunnel = open && tunnelOf(response);
        return tunnel ? open(tunnel) : writeResponse(sink, message.method ?? "GET", response);
      })
      .catch((error: unknown) => {
        sink.destroy();
        if (!gone.signal.aborted) onError(error);
      });
  };
}

/**
 * Makes a listener for upgrades of a handler, for those who have a server of `node:http` already: on
 * Node, Deno and Bun. {@linkcode serve} does this itself. A request that the handler, such as a
 * proxy, does not make a tunnel of is answered, and its connection closed.
 *
 * - 400 when the request has content.
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

async function answer(
  fetch: Handler,
  message: IncomingMessage,
  signal: AbortSignal,
  onError: (error: unknown) => void,
  upgradable: boolean,
): Promise<Response> {
  const request = toRequest(message, signal);
  if (!request) return textOnly(400, "Bad Request");
  if (upgradable) offerTunnel(request);
  try {
    const response: unknown = await fetch(request);
    if (typeof response === "object" && response && "status" in response) {
      return response as Response;
    }
    throw new TypeError(`serve: the handler returned ${String(response)}; return a Response`);
  } catch (error) {
    if (!signal.aborted) onError(error);
    return textOnly(500, "Internal Server Error");
  }
}

function textOnly(status: number, text: string): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain;charset=utf-8" } });
}

/**
 * Reads what is left of a request that was answered before its end. Left alone, it would be in the
 * way of the next request on the connection.
 */
function drain(message: IncomingMessage): void {
  if (message.complete) return;
  let count = 0;
  message.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
    count += chunk.byteLength;
    if (count > DRAIN_LIMIT) message.destroy();
  });
  message.resume();
}

function close(server: Server, force: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => error ? reject(error) : resolve());
    if (force) server.closeAllConnections();
    else server.closeIdleConnections();
  });
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
