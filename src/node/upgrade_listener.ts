/**
 * Upgrades of HTTP/1.1 connections (RFC 9110 §7.8). Node hands the connection over right after the
 * headers: the body of the request, which no parser reads, comes next.
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { announcesContent, contentLength, upgradeProtocol } from "../http/upgrade.ts";
import { builtin, hasNodeSockets } from "../runtime.ts";
import type { Tunnel } from "../transport/transport.ts";
import { type Streams, streamsOf } from "../transport/tunnel.ts";
import { currentResponse, linger } from "./connection.ts";
import { lazyHeaders } from "./lazy_headers.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A listener for the event `upgrade` of a `node:http` server. */
export type UpgradeListener = (message: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What an upgrade request brings along. */
export interface UpgradeRequest {
  /** The body, which was read from the connection. */
  readonly content: Bytes | undefined;
  /** Makes a tunnel of the connection; `undefined` if the request asks for no known protocol. */
  readonly openTunnel: ((tunnel: Tunnel) => void) | undefined;
}

/** Handles a request whose turn it is. */
export type Handle = (
  message: IncomingMessage,
  sink: ServerResponse,
  upgrade?: UpgradeRequest,
) => void;

/** The time for the body where the server has no `requestTimeout`, in milliseconds. */
const BODY_TIMEOUT = 60_000;

/** Requests whose upgrade was declined. */
const declined = new WeakSet<IncomingMessage>();

/**
 * Whether the upgrade of a request was declined. Its response must be the last on the connection:
 * Node loses the bytes that came with it, so that later responses would go to the wrong requests.
 */
export function isDeclined(message: IncomingMessage): boolean {
  return declined.has(message);
}

/**
 * Creates a listener for upgrades. Bytes behind the request wait for the tunnel; without one, they
 * are dropped with the connection, so that they are never parsed as a request.
 *
 * @param handle Handles the request.
 * @param detached Gets the connections that the server does not close: tunnels, and requests whose
 * body has not arrived.
 */
export function upgradeListenerOf(
  handle: Handle,
  detached: Set<Duplex> = new Set(),
): UpgradeListener {
  return (message, socket, head) => {
    const sink = new (builtin("node:http").ServerResponse)(message);
    sink.shouldKeepAlive = false;
    // An error closes the socket, too.
    socket.on("error", () => {});
    try {
      sink.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
    } catch {
      // An earlier request has no response yet, and Node no longer reads this connection.
      socket.destroy();
      return;
    }
    const disconnect = (): void => void socket.destroy();
    socket.once("end", disconnect).once("close", () => detached.delete(socket));
    sink.once("finish", () => linger(socket));
    const [protocol, length] = upgradeOf(message);
    const reject = (status: number): void => {
      sink.writeHead(status, ["content-length", "0"]).end();
    };
    const accept = (rest: Uint8Array, content?: Bytes): void => {
      const client = streamsOf(socket, rest);
      const openTunnel = protocol === undefined ? undefined : (tunnel: Tunnel): void => {
        socket.off("end", disconnect);
        sink.detachSocket(socket as Parameters<ServerResponse["detachSocket"]>[0]);
        socket.write(switchingProtocols(protocol, tunnel), "latin1");
        join(client, tunnel);
        detached.add(socket);
      };
      handle(message, sink, { content, openTunnel });
    };
    if (length === undefined) return reject(400);
    if (length === 0) return accept(head);
    detached.add(socket);
    readBody(socket, head, length, () => reject(408), (content, rest) => {
      detached.delete(socket);
      accept(rest, content);
    });
  };
}

/** The requested protocol, if any, and the length of the body, if it can be read. */
function upgradeOf(
  { method = "", httpVersion, rawHeaders }: IncomingMessage,
): readonly [protocol: string | undefined, length: number | undefined] {
  const headers = lazyHeaders(rawHeaders);
  // HTTP/1.0 has no upgrades (RFC 9110 §7.8).
  const protocol = httpVersion === "1.1" ? upgradeProtocol(method, headers) : undefined;
  // Deno and Bun split the body between the message and the socket.
  const canRead = hasNodeSockets() || !announcesContent(headers);
  const length = canRead ? contentLength(method, headers) : undefined;
  return [protocol, protocol === undefined && length !== 0 ? undefined : length];
}

/**
 * Reads the body of a request from its connection, and stops if the connection closes.
 *
 * @param head Bytes that were read before.
 * @param late Called when the body does not arrive in time.
 * @param done Called with the body and the bytes behind it.
 */
function readBody(
  socket: Duplex,
  head: Uint8Array,
  length: number,
  late: () => void,
  done: (content: Bytes, rest: Uint8Array) => void,
): void {
  const content = new Uint8Array(length);
  let count = 0;
  const read = (chunk: Uint8Array): void => {
    const part = chunk.subarray(0, length - count);
    content.set(part, count);
    count += part.byteLength;
    if (count < length) return;
    stop();
    socket.pause();
    done(content, chunk.subarray(part.byteLength));
  };
  // Node does not apply its timeout to an upgraded connection.
  const { server } = socket as { readonly server?: { readonly requestTimeout?: number } };
  const timeout = server?.requestTimeout ?? BODY_TIMEOUT;
  const timer = timeout > 0 ? setTimeout(() => (stop(), late()), timeout) : undefined;
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("data", read).off("close", stop);
  };
  socket.on("data", read).once("close", stop);
  read(head);
}

/**
 * Accepts upgrades on a server, where Node lets it choose (22.21, 24.9 and newer): those to a known
 * protocol that have a readable body and do not wait for an earlier response. Node then treats the
 * others as plain requests.
 *
 * @returns Closes the connections that the server does not close.
 */
export function acceptUpgrades(
  server: Server,
  handle: Handle,
): () => void {
  const detached = new Set<Duplex>();
  server.on("upgrade", upgradeListenerOf(handle, detached));
  Object.assign(server, {
    shouldUpgradeCallback(message: IncomingMessage): boolean {
      const [protocol, length] = upgradeOf(message);
      const accepted = protocol !== undefined && length !== undefined &&
        !currentResponse(message.socket);
      if (!accepted) declined.add(message);
      return accepted;
    },
  });
  return () => {
    for (const socket of detached) socket.destroy();
  };
}

/** The 101 response. The `ServerResponse` of Deno would add `content-length` (RFC 9110 §8.6). */
function switchingProtocols(protocol: string, { fields }: Tunnel): string {
  const lines = [...fields]
    .filter(([name]) => name !== "content-length")
    .map(([name, value]) => `${name}: ${value.replaceAll(/[\0\r\n]/g, " ")}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\n${
    lines.join("")
  }\r\n`;
}

/** An error of one side ends the other. */
function join(client: Streams, upstream: Streams): void {
  client.readable.pipeTo(upstream.writable).catch(() => {});
  upstream.readable.pipeTo(client.writable).catch(() => {});
}
