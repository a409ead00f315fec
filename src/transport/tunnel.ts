/**
 * Tunnels: how one gets from the proxy to the host that owns the client's connection, and sockets as
 * pairs of streams.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import type { Tunnel } from "./transport.ts";

type Duplex = import("node:stream").Duplex;
type Socket = import("node:net").Socket;

/** A way to upgrade the client's connection once the upstream has agreed. */
export interface Upgrader {
  /** Whether messages are relayed: of WebSocket only, and without extensions. */
  readonly relays: boolean;
  /** Whether the tunnel ends with the request's signal; otherwise it outlives the request. */
  readonly signals: boolean;
  /** Makes the response; the tunnel's fields go to the client. */
  upgrade(tunnel: Tunnel): Response;
}

/** For hosts that make a tunnel of the response, and Workers, which do so themselves. */
export const hostUpgrader: Upgrader = { relays: false, signals: true, upgrade: tunnelResponse };

/**
 * Tunnels by the body that stands for them, because a copy of the response has the same body. A
 * `WeakMap` is good enough here: upgrades are rare, other than requests (see `host/side_table.ts`).
 */
const tunnels = new WeakMap<ReadableStream, Tunnel>();

/**
 * A response that a host makes a tunnel of, even after a middleware has copied it. If the host cannot
 * do so, or the body was read, it is a 502, and the connection to the upstream is closed.
 */
function tunnelResponse(tunnel: Tunnel): Response {
  const close = (): void => void tunnel.readable.cancel().catch(() => {});
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      console.error(
        "proxy: the response to an upgrade cannot become a tunnel, because its body was read; " +
          "return the response itself from your middleware, or new Response(response.body, response)",
      );
      close();
      controller.close();
    },
    cancel: close,
  }, { highWaterMark: 0 });
  tunnels.set(body, tunnel);
  return new Response(body, { status: 502 });
}

/** For hosts: the tunnel that a response stands for. */
export function tunnelOf({ body }: Response): Tunnel | undefined {
  return body === null ? undefined : tunnels.get(body);
}

/**
 * A response that the runtime makes a tunnel of, with the fields for the client. On Workers the
 * tunnel is a member of the response; elsewhere it is the response itself, which cannot be copied.
 */
export function nativeTunnel(response: Response, fields: Iterable<Field>): Response {
  const { webSocket } = response as { readonly webSocket?: unknown };
  if (!webSocket) return response;
  const headers = new Headers();
  for (const [name, value] of fields) {
    // The runtime makes its own handshake.
    if (!/^sec-websocket-(?:accept|extensions)$/.test(name)) headers.append(name, value);
  }
  return new Response(null, { status: 101, headers, webSocket } as ResponseInit);
}

/** A socket as a pair of streams. */
export interface Streams {
  /** Ends when the peer ends its half of the connection; cancelling it closes the connection. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it ends our half of the connection; aborting it closes the connection. */
  readonly writable: WritableStream<Uint8Array>;
}

/** How many bytes are read before the stream is pulled. */
const HIGH_WATER_MARK = 64 * 1024;

/**
 * Turns a socket into streams. Its errors become errors of the streams, and are never unhandled.
 *
 * @param head Bytes that were already read from the socket.
 */
export function streamsOf(socket: Duplex, head: Uint8Array): Streams {
  // A tunnel may be idle for any time, but a peer that has vanished must not keep it open.
  if (isSocket(socket)) socket.setTimeout(0).setKeepAlive(true, 60_000).setNoDelay(true);
  return { readable: readableOf(socket, head), writable: writableOf(socket) };
}

function isSocket(socket: Duplex): socket is Socket {
  return "setTimeout" in socket && "setKeepAlive" in socket;
}

function readableOf(socket: Duplex, head: Uint8Array): ReadableStream<Uint8Array> {
  let open = true;
  const end = (finish: () => void): void => {
    if (open) finish();
    open = false;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (head.byteLength > 0) controller.enqueue(new Uint8Array(head));
      socket.on("data", (chunk: Uint8Array) => {
        if (!open) return;
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) socket.pause();
      });
      socket.once("end", () => end(() => controller.close()));
      socket.on("error", (error) => end(() => controller.error(error)));
      socket.once("close", () => end(() => controller.error(connectionLost())));
    },
    pull: () => void socket.resume(),
    cancel() {
      open = false;
      socket.destroy();
    },
  }, { highWaterMark: HIGH_WATER_MARK, size: (chunk) => chunk.byteLength });
}

function writableOf(socket: Duplex): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    start(controller) {
      socket.on("error", (error) => controller.error(error));
      socket.once("close", () => controller.error(connectionLost()));
    },
    async write(chunk) {
      if (!socket.write(chunk)) await drained(socket);
    },
    close: () => void socket.end(),
    abort: () => void socket.destroy(),
  });
}

function connectionLost(): Error {
  return new Error("the connection was lost");
}

/** Resolves when a stream takes more bytes, or has closed. */
export function drained(sink: import("node:stream").Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      sink.off("drain", go).off("close", go);
      resolve();
    };
    sink.once("drain", go).once("close", go);
  });
}
