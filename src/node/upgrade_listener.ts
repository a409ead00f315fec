/**
 * Upgrades of a connection on a server of `node:http`.
 *
 * @module
 */
import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { upgradeProtocol } from "../http/upgrade.ts";
import type { Tunnel } from "../transport/transport.ts";
import { giveContent } from "./request_body.ts";
import { lazyHeaders } from "./lazy_headers.ts";
import { linger } from "./linger.ts";
import { answerOn } from "./pipelining.ts";
import { type Streams, streamsOf } from "../transport/tunnel.ts";
import { lengthHere, readContent } from "./upgrade_content.ts";

/** Listens to requests. */
type Listener = (message: IncomingMessage, sink: ServerResponse) => void;
/** Listens to requests to upgrade. */
export type UpgradeListener = (message: IncomingMessage, socket: Duplex, head: Buffer) => void;

const tunnellers = new WeakMap<ServerResponse, (tunnel: Tunnel) => void>();

/** Requests whose upgrade the server took no notice of. */
const declined = new WeakSet<IncomingMessage>();

/**
 * Whether the upgrade that a message asks for was declined. Node then loses what came with it: the
 * answer to a later request would pass for that to a lost one, so the connection must not stay.
 */
export function isDeclined(message: IncomingMessage): boolean {
  return declined.has(message);
}

/** What makes a tunnel of the connection of a response, if that can be. */
export function tunnellerOf(sink: ServerResponse): ((tunnel: Tunnel) => void) | undefined {
  return tunnellers.get(sink);
}

/**
 * Makes a listener for upgrades of one for requests. What a client sends after its request is held
 * back until there is a tunnel; without one it is dropped with the connection, so that nobody takes
 * it for a request.
 *
 * @param ending Gets the connections that have no request whose answer would end them.
 */
export function upgrading(listen: Listener, ending: Set<Duplex> = new Set()): UpgradeListener {
  return (message, socket, head) => {
    const sink = new ServerResponse(message);
    sink.shouldKeepAlive = false;
    // An error closes it, too.
    socket.on("error", () => {});
    try {
      sink.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
    } catch {
      // An earlier request is not answered yet, and Node does not read this connection any more.
      socket.destroy();
      return;
    }
    // Who ends the connection before it is a tunnel has left.
    const leave = (): void => void socket.destroy();
    socket.once("end", leave).once("close", () => ending.delete(socket));
    sink.once("finish", () => linger(socket));
    const [protocol, length] = askedBy(message);
    const answer = (rest: Uint8Array): void => {
      const streams = streamsOf(socket, rest);
      if (protocol !== undefined) {
        tunnellers.set(sink, (tunnel) => {
          socket.off("end", leave);
          sink.detachSocket(socket as Parameters<ServerResponse["detachSocket"]>[0]);
          socket.write(agreement(protocol, tunnel), "latin1");
          join(streams, tunnel);
          ending.add(socket);
        });
      }
      listen(message, sink);
    };
    const refuse = (status: number): void => {
      sink.writeHead(status, ["content-length", "0"]).end();
    };
    // Node has not read it: it is in `head`, and what is content there looks like a request.
    if (length === undefined) return refuse(400);
    if (length === 0) return answer(head);
    ending.add(socket);
    readContent(socket, head, length, {
      whole(content, rest) {
        ending.delete(socket);
        giveContent(message, content);
        answer(rest);
      },
      late: () => refuse(408),
    });
  };
}

/** The protocol that can be upgraded to, if any, and the length of the content, if it can be read. */
function askedBy(
  { method = "", httpVersion, rawHeaders }: IncomingMessage,
): readonly [protocol: string | undefined, length: number | undefined] {
  const headers = lazyHeaders(rawHeaders) as unknown as Headers;
  // HTTP/1.0 knows no upgrades (RFC 9110 §7.8).
  const protocol = httpVersion === "1.1" ? upgradeProtocol(method, headers) : undefined;
  const length = lengthHere(method, headers);
  return [protocol, protocol === undefined && length !== 0 ? undefined : length];
}

/**
 * Lets a server upgrade connections, and returns what closes those that have become tunnels, or whose
 * request has not all come: they do not end by themselves, and the server does not know them any more. Requests for what is no upgrade
 * to it, whose content is none for an upgrade, or that come behind others go the way of all others, where Node can be
 * told so (from 24.9 and 22.21 on).
 */
export function acceptUpgrades(server: Server, listen: Listener): () => void {
  const ending = new Set<Duplex>();
  server.on("upgrade", upgrading(listen, ending));
  Object.assign(server, {
    shouldUpgradeCallback(message: IncomingMessage): boolean {
      const [protocol, length] = askedBy(message);
      // Behind a request that is not answered yet, an upgrade would take the connection from that.
      const accepted = protocol !== undefined && length !== undefined && !answerOn(message.socket);
      if (!accepted) declined.add(message);
      return accepted;
    },
  });
  return () => {
    for (const socket of ending) socket.destroy();
  };
}

/** The answer itself; Deno's `ServerResponse` would announce content (RFC 9110 §8.6). */
function agreement(protocol: string, { fields }: Tunnel): string {
  const lines = [...fields]
    .filter(([name]) => name !== "content-length")
    .map(([name, value]) => `${name}: ${value.replaceAll(/[\0\r\n]/g, " ")}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\n${
    lines.join("")
  }\r\n`;
}

/** What goes wrong on one side ends the other. */
function join(client: Streams, upstream: Streams): void {
  client.readable.pipeTo(upstream.writable).catch(() => {});
  upstream.readable.pipeTo(client.writable).catch(() => {});
}
