/**
 * Upgrades of a connection on a server of `node:http`.
 *
 * @module
 */
import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { announcesContent, upgradeProtocol } from "../http/upgrade.ts";
import type { Tunnel } from "../proxy/transport.ts";
import { linger } from "./linger.ts";
import { answerOn } from "./pipelining.ts";
import { type Streams, streamsOf } from "../runtime/sockets.ts";

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
 * @param opened Is told of every connection that has become a tunnel.
 */
export function upgrading(
  listen: Listener,
  opened: (socket: Duplex) => void = () => {},
): UpgradeListener {
  return (message, socket, head) => {
    const streams = streamsOf(socket, head);
    const sink = new ServerResponse(message);
    sink.shouldKeepAlive = false;
    try {
      sink.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
    } catch {
      // An earlier request is not answered yet, and Node does not read this connection any more.
      socket.destroy();
      return;
    }
    // Who ends the connection before it is a tunnel has left.
    const leave = (): void => void socket.destroy();
    socket.once("end", leave);
    sink.once("finish", () => linger(socket));
    const headers = headersOf(message);
    const protocol = upgradeProtocol(message.method ?? "", headers);
    if (announcesContent(headers)) {
      // Node has not read it: it is in `head`, and what is content there looks like a request.
      sink.writeHead(400, ["content-length", "0"]).end();
      return;
    }
    // HTTP/1.0 knows no upgrades (RFC 9110 §7.8).
    if (protocol !== undefined && message.httpVersion === "1.1") {
      tunnellers.set(sink, (tunnel) => {
        socket.off("end", leave);
        sink.detachSocket(socket as Parameters<ServerResponse["detachSocket"]>[0]);
        socket.write(agreement(protocol, tunnel), "latin1");
        join(streams, tunnel);
        opened(socket);
      });
    }
    listen(message, sink);
  };
}

/**
 * Lets a server upgrade connections, and returns what closes those that have become tunnels: they do
 * not end by themselves, and the server does not know them any more. Requests for what is no upgrade
 * to it, that have content, or that come behind others go the way of all others, where Node can be
 * told so (from 24.9 and 22.21 on).
 */
export function acceptUpgrades(server: Server, listen: Listener): () => void {
  const tunnels = new Set<Duplex>();
  const opened = (socket: Duplex): void => {
    tunnels.add(socket);
    socket.once("close", () => tunnels.delete(socket));
  };
  server.on("upgrade", upgrading(listen, opened));
  Object.assign(server, {
    shouldUpgradeCallback(message: IncomingMessage): boolean {
      const headers = headersOf(message);
      // Behind a request that is not answered yet, an upgrade would take the connection from that.
      const accepted = message.httpVersion === "1.1" && !announcesContent(headers) &&
        upgradeProtocol(message.method ?? "", headers) !== undefined && !answerOn(message.socket);
      if (!accepted) declined.add(message);
      return accepted;
    },
  });
  return () => {
    for (const socket of tunnels) socket.destroy();
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

function headersOf({ headers }: IncomingMessage): Headers {
  const wanted = ["connection", "upgrade", "content-length", "transfer-encoding"];
  return new Headers(wanted.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as [string, string]] : [];
  }));
}
