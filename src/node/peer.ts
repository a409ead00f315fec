/**
 * Who is at the other end of a connection. A client that resets its connection at once must not
 * become a client without an address: an upstream would take its request for one of the proxy's own.
 *
 * @module
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** On Node, a TLS socket leads to the socket that it encrypts. */
interface Encrypted {
  readonly _parent?: Socket | null;
}

/** The socket that carries a connection: that below TLS, where there is TLS. */
export function carrierOf(socket: Socket): Socket {
  const { _parent: encrypted }: Encrypted = socket as Socket & Encrypted;
  return encrypted ?? socket;
}

/** The address at the other end of a connection, where it is known. */
export function peerAddress(socket: Socket): string | undefined {
  return socket.remoteAddress ?? carrierOf(socket).remoteAddress;
}

/**
 * Whether a connection without an address of its peer is one whose peer is gone. Other connections
 * without it, such as those of Unix sockets, have no address of their own either.
 */
export function isLost(socket: Socket): boolean {
  return socket.localAddress !== undefined || socket.destroyed;
}

/**
 * Reads the address of every client when it connects. The system forgets it as soon as the client
 * resets the connection; the socket keeps what it was asked for once.
 */
export function rememberPeers(server: Server): void {
  server.on("connection", peerAddress);
}
