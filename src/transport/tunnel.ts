/**
 * How a tunnel gets from the proxy to a host that can make one of the client's connection.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import type { Tunnel } from "./transport.ts";

/** A way to upgrade the client's connection, when the upstream has agreed. */
export interface Upgrader {
  /** Whether messages are relayed: of WebSocket alone, and without its extensions. */
  readonly relays: boolean;
  /** Whether the tunnel ends with the request's signal; else it outlives the request. */
  readonly signals: boolean;
  /** Makes the answer; the tunnel's fields are those that go on to the client. */
  upgrade(tunnel: Tunnel): Response;
}

/** By the content that stands for each: a copy of the response has it, too. */
const tunnels = new WeakMap<ReadableStream, Tunnel>();

/**
 * A response that a host makes a tunnel of, also when a middleware has copied it. To any other host,
 * and when its content was read, it is a 502; the connection to the upstream is then closed.
 */
export function tunnelResponse(tunnel: Tunnel): Response {
  const close = (): void => void tunnel.readable.cancel().catch(() => {});
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      console.error(
        "proxy: no tunnel could be made of the answer to an upgrade, as its content was read; " +
          "let your middleware return the response itself, or new Response(response.body, response)",
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
 * A response that the runtime makes a tunnel of, with the fields that go on. On Workers the tunnel is
 * a member of the response; elsewhere it is the response itself, which nobody can copy.
 */
export function nativeTunnel(response: Response, fields: Iterable<Field>): Response {
  const { webSocket } = response as { readonly webSocket?: unknown };
  if (!webSocket) return response;
  const headers = new Headers();
  for (const [name, value] of fields) {
    // The runtime makes the handshake itself.
    if (!/^sec-websocket-(?:accept|extensions)$/.test(name)) headers.append(name, value);
  }
  return new Response(null, { status: 101, headers, webSocket } as ResponseInit);
}
