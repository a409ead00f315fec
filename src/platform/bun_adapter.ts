/**
 * Bun: requests with its `fetch`, WebSockets through `server.upgrade`, responses from memory without
 * a copy.
 *
 * @module
 */
import { nativeResponse } from "../host/make_response.ts";
import { sideTable } from "../host/side_table.ts";
import type { ResponseHead } from "../host/types.ts";
import { fetchInit, fromFetch } from "../transport/fetch_transport.ts";
import { tlsOptions } from "../transport/node_connect.ts";
import { httpUpgrade } from "../transport/node_http.ts";
import type { Connection, Transport, Tunnel } from "../transport/transport.ts";
import type { Upgrader } from "../transport/tunnel.ts";
import { handshakeFields } from "../transport/websocket/handshake.ts";
import { LONGEST_MESSAGE, type Relay, relay } from "../transport/websocket/relay.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The members of Bun's `server` that are used here. */
interface BunServer {
  upgrade?(request: Request, options: { headers: Headers; data: unknown }): boolean;
}

/** Sends with Bun's `fetch`, and never through a proxy of the environment. */
export function bunTransport(): Transport {
  return {
    capabilities: new Set([
      "host",
      "tls",
      "servername",
      "insecureTls",
      "unix",
      "http2",
      "upgrade",
    ]),
    async send(request) {
      const init = fetchInit(request);
      init.headers.push(["host", request.host]);
      const own = { decompress: false, proxy: false, timeout: false };
      return fromFetch(
        await fetch(request.url, { ...init, ...own, ...connectionInit(request.connection) }),
      );
    },
    upgrade: httpUpgrade,
  };
}

function connectionInit(connection: Connection | undefined): object {
  if (!connection) return {};
  const { tls, socketPath, http2 } = connection;
  const serverName = tls?.servername;
  return {
    ...(tls ? { tls: { ...tlsOptions(connection), ...(serverName ? { serverName } : {}) } } : {}),
    ...(socketPath === undefined ? {} : { unix: socketPath }),
    ...(http2 ? { protocol: "http2" } : {}),
  };
}

/** The blobs of bytes that were sent before. */
const blobs = sideTable<Bytes, Blob>();

/** A response whose bytes Bun sends without a copy; all responses of the same bytes share a blob. */
export function bunResponse(bytes: Bytes, head: ResponseHead): Response {
  const blob = blobs.get(bytes) ?? new Blob([bytes]);
  blobs.set(bytes, blob);
  return nativeResponse(blob, head);
}

/** Relays WebSocket messages: Bun does not hand over the connection of the client. */
export function bunUpgrader(request: Request, args: readonly unknown[]): Upgrader | undefined {
  const [server] = args as readonly [BunServer?];
  if (typeof server?.upgrade !== "function") return undefined;
  return {
    relays: true,
    signals: false,
    upgrade(tunnel) {
      const headers = new Headers();
      for (const [name, value] of handshakeFields(tunnel)) headers.append(name, value);
      if (!server.upgrade?.(request, { headers, data: new Upgraded(tunnel) })) {
        throw new Error("Bun did not upgrade the connection");
      }
      return new Response(null, { status: 204 }); // Bun has already sent the response
    },
  };
}

/** The socket that Bun passes to {@linkcode BunWebSocketHandlers}. */
export interface BunSocket {
  /** The value that the request was upgraded with. */
  readonly data?: unknown;
  /** Sends a message; returns 0 when it was dropped. */
  send(data: string | Uint8Array<ArrayBuffer>): number;
  /** How many bytes wait to be sent. */
  getBufferedAmount(): number;
  /** Closes the WebSocket with a status code. */
  close(code?: number, reason?: string): void;
  /** Closes the connection without a handshake. */
  terminate(): void;
}

/** The option `websocket` of `Bun.serve`. */
export interface BunWebSocketHandlers {
  /** The longest message that a client may send, in bytes. */
  readonly maxPayloadLength: number;
  /** How many bytes may wait to be sent to a client. */
  readonly backpressureLimit: number;
  /** Called when a client has connected. */
  open(socket: BunSocket): void;
  /** Called with each message of a client. */
  message(socket: BunSocket, data: string | Uint8Array): void;
  /** Called when a client can take messages again. */
  drain(socket: BunSocket): void;
  /** Called when a client has closed. */
  close(socket: BunSocket, code: number, reason: string): void;
}

/** A WebSocket that Bun has made for a tunnel. */
class Upgraded {
  readonly #tunnel: Tunnel;
  #relay: Relay | undefined;
  #drained = (): void => {};

  constructor(tunnel: Tunnel) {
    this.#tunnel = tunnel;
  }

  open(socket: BunSocket): void {
    this.#relay = relay(this.#tunnel, {
      send: (data) => {
        // A dropped message is lost, so that the connection is of no more use.
        if (socket.send(data) === 0 && data.length > 0) socket.terminate();
      },
      drained: async (most) => {
        if (socket.getBufferedAmount() <= most) return;
        await new Promise<void>((resolve) => (this.#drained = resolve));
      },
      close: (code, reason) => {
        if (code === undefined) socket.terminate();
        else if (code === 1005) socket.close();
        else socket.close(code, reason);
      },
    });
  }

  message(data: string | Uint8Array): void {
    this.#relay?.message(data);
  }

  drain(): void {
    this.#drained();
  }

  close(code: number, reason: string): void {
    this.#drained();
    this.#relay?.closed(code, reason);
  }
}

const upgraded = ({ data }: BunSocket): Upgraded | undefined =>
  data instanceof Upgraded ? data : undefined;

/**
 * The handlers that `Bun.serve` needs to relay proxied WebSockets. They ignore other WebSockets. No
 * other host needs them.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { bunWebSocket } from "@handwerk/handwerk/bun";
 *
 * const app = proxy({ "/live": "http://127.0.0.1:5001/" })(notFound);
 * if ("Bun" in globalThis) {
 *   const { Bun } = globalThis as unknown as { Bun: { serve(options: object): void } };
 *   Bun.serve({ fetch: app, websocket: bunWebSocket });
 * }
 * ```
 */
export const bunWebSocket: BunWebSocketHandlers = {
  maxPayloadLength: LONGEST_MESSAGE,
  // As much as may already wait when the longest message comes.
  backpressureLimit: 32 * 1024 * 1024,
  open: (socket) => upgraded(socket)?.open(socket),
  message: (socket, data) => upgraded(socket)?.message(data),
  drain: (socket) => upgraded(socket)?.drain(),
  close: (socket, code, reason) => upgraded(socket)?.close(code, reason),
};
