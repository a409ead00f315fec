/**
 * WebSocket under `Deno.serve` and `Bun.serve`, which do not give the client's connection away: the
 * messages are relayed, once the upstream has agreed.
 *
 * @module
 */
import type { Field } from "../../http/fields.ts";
import type { Tunnel } from "../transport.ts";
import { type Client, LONGEST_MESSAGE, type Relay, relay } from "./relay.ts";

/** What Bun hands to the handlers of its WebSockets. */
export interface BunSocket {
  /** What the request was upgraded with. */
  readonly data?: unknown;
  /** Sends a message; 0 when it was dropped. */
  send(data: string | Uint8Array<ArrayBuffer>): number;
  /** How much waits to be sent. */
  getBufferedAmount(): number;
  /** Closes with a code. */
  close(code?: number, reason?: string): void;
  /** Closes the connection. */
  terminate(): void;
}

/** The handlers of WebSockets that Bun takes. */
export interface BunWebSocketHandlers {
  /** The most bytes that a message from a client may have. */
  readonly maxPayloadLength: number;
  /** The most bytes that wait for a client. */
  readonly backpressureLimit: number;
  /** A client has connected. */
  open(socket: BunSocket): void;
  /** A client has sent a message. */
  message(socket: BunSocket, data: string | Uint8Array): void;
  /** A client takes messages again. */
  drain(socket: BunSocket): void;
  /** A client has closed. */
  close(socket: BunSocket, code: number, reason: string): void;
}

/** The part of Bun's server that is used here. */
interface BunServer {
  upgrade(request: Request, options: { headers: Headers; data: unknown }): boolean;
}

/** The part of Deno that is used here. */
interface DenoWebSockets {
  upgradeWebSocket(request: Request): { socket: WebSocket; response: Response };
}

/** Upgrades the client's connection with Deno's means. */
export function upgradeDeno(request: Request, tunnel: Tunnel): Response {
  const { Deno } = globalThis as unknown as { Deno: DenoWebSockets };
  const { socket, response } = Deno.upgradeWebSocket(request);
  for (const [name, value] of answerFields(tunnel.fields)) response.headers.append(name, value);
  socket.binaryType = "arraybuffer";
  let relayed: Relay | undefined;
  socket.addEventListener("open", () => (relayed = relay(tunnel, denoClient(socket))));
  socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
    relayed?.message(typeof data === "string" ? data : new Uint8Array(data));
  });
  socket.addEventListener("close", ({ code, reason }) => relayed?.closed(code, reason));
  return response;
}

function denoClient(socket: WebSocket): Client {
  return {
    send: (data) => socket.readyState === WebSocket.OPEN ? socket.send(data) : undefined,
    async drained(most) {
      // Deno tells how much waits, but not when it has gone.
      while (socket.readyState === WebSocket.OPEN && socket.bufferedAmount > most) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    close(code, reason) {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (code === 1005) socket.close();
      else socket.close(code ?? 1011, reason);
    },
  };
}

/** Upgrades the client's connection with Bun's means. */
export function upgradeBun(request: Request, tunnel: Tunnel, server: BunServer): Response {
  const headers = new Headers();
  for (const [name, value] of answerFields(tunnel.fields)) headers.append(name, value);
  if (!server.upgrade(request, { headers, data: new BunEnd(tunnel) })) {
    throw new Error("Bun did not upgrade the connection");
  }
  return new Response(null, { status: 204 }); // Bun has answered
}

/** What one of Bun's WebSockets is a client of. */
class BunEnd {
  readonly #tunnel: Tunnel;
  #relay: Relay | undefined;
  #drained = (): void => {};

  constructor(tunnel: Tunnel) {
    this.#tunnel = tunnel;
  }

  open(socket: BunSocket): void {
    this.#relay = relay(this.#tunnel, {
      send: (data) => {
        // What was dropped cannot be made up for.
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

const endOf = ({ data }: BunSocket): BunEnd | undefined =>
  data instanceof BunEnd ? data : undefined;

/**
 * The handlers that `Bun.serve` needs for WebSockets that are proxied; they leave others alone. Not
 * needed anywhere else.
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
  // More than may wait when a message of that length comes.
  backpressureLimit: 32 * 1024 * 1024,
  open: (socket) => endOf(socket)?.open(socket),
  message: (socket, data) => endOf(socket)?.message(data),
  drain: (socket) => endOf(socket)?.drain(),
  close: (socket, code, reason) => endOf(socket)?.close(code, reason),
};

/** What goes on from the upstream's answer: not what each side has computed for itself. */
function answerFields(fields: Iterable<Field>): Field[] {
  return [...fields].filter(([name]) => {
    return !/^(?:sec-websocket-(?:accept|extensions)|content-length|date)$/i.test(name);
  });
}
