/**
 * The limits of a server: connections, HTTP/2 streams, and the time that clients may take.
 *
 * @module
 */
import type { Server } from "node:http";
import type { SecureServerOptions, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { readAddress } from "../http/ip.ts";
import { currentResponse, peerAddress, resetConnection, transportSocket } from "./connection.ts";
import type { ServerTimeouts } from "./serve_options.ts";
import { ChunkJoiner } from "./write_body.ts";

/** RFC 9113 §7. */
const CANCEL = 8;
/** The slowest that a client of HTTP/2 may read, in bytes per millisecond; beside `send`. */
const MIN_RATE = 10;
/** HTTP/2 chunks below this size are joined, in bytes. */
const SMALL = 1024;

/** Closes new connections above the limits. */
export function limitConnections(server: Server, max: number, maxPerAddress: number): void {
  // Node closes these before it creates a request parser.
  if (max < Infinity) server.maxConnections = max;
  if (maxPerAddress === Infinity) return;
  const counts = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const network = networkOf(peerAddress(socket));
    if (network === undefined) return;
    const count = (counts.get(network) ?? 0) + 1;
    counts.set(network, count);
    socket.once("close", () => {
      const left = (counts.get(network) ?? 1) - 1;
      if (left > 0) counts.set(network, left);
      else counts.delete(network);
    });
    if (count > maxPerAddress) socket.destroy();
  });
}

/** The network of one client: an IPv4 address, or the /64 of IPv6 that providers give out. */
export function networkOf(address: string | undefined): string | undefined {
  const bytes = address === undefined ? undefined : readAddress(address);
  return bytes && (bytes.length === 4 ? bytes : bytes.slice(0, 8)).join(".");
}

/** Measures how long the number of waiting bytes has stayed the same. */
class StallTimer {
  #waiting = 0;
  #since = 0;

  /** The time without progress, in milliseconds. Call it at regular intervals. */
  time(waiting: number, now: number): number {
    if (waiting === 0 || waiting !== this.#waiting) [this.#waiting, this.#since] = [waiting, now];
    return now - this.#since;
  }
}

/** Calls back at a quarter of the interval until the server closes. */
function watch(server: Server, interval: number, check: (now: number) => void): void {
  const timer = setInterval(() => check(performance.now()), Math.max(interval / 4, 10));
  timer.unref();
  server.once("close", () => clearInterval(timer));
}

/**
 * Resets HTTP/1 connections whose client takes nothing of a response for too long. The response
 * would stay in memory, and the file or upstream connection that it comes from stay open.
 *
 * @param event The event of the connections that carry requests.
 * @param limit In milliseconds; 0 for no limit.
 */
export function limitSending(
  server: Server,
  event: "connection" | "secureConnection",
  limit: number,
): void {
  if (limit === 0) return;
  const stalls = new Map<Socket, StallTimer>();
  server.on(event, (socket: Socket) => {
    stalls.set(socket, new StallTimer());
    socket.once("close", () => stalls.delete(socket));
  });
  watch(server, limit, (now) => {
    for (const [socket, stall] of stalls) {
      // Tunnels and HTTP/2 streams have limits of their own.
      const waiting = currentResponse(socket) ? unsentBytes(socket) : 0;
      if (stall.time(waiting, now) > limit) resetConnection(socket);
    }
  });
}

/** The bytes that the system has not taken yet, as Node's own socket timeout counts them. */
function unsentBytes(socket: Socket): number {
  const { _handle: handle } = transportSocket(socket) as {
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };
  return handle?.writeQueueSize ?? socket.writableLength;
}

/** The warning for versions of Node whose HTTP/2 server has a known flaw. */
export function unsoundHttp2(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= 24) return undefined;
  return `serve: the HTTP/2 server of Node ${version} can be made to abort the process; use Node 24 ` +
    "or later, or leave out http2 where clients are not trusted";
}

/** Node's default is to limit neither; each stream can cost a handler, a file and its buffers. */
export const HTTP2_OPTIONS: SecureServerOptions = {
  settings: { maxConcurrentStreams: 100, maxHeaderListSize: 16 * 1024 },
};

/** Applies the timeouts to HTTP/2 connections, which Node does not limit. */
export function limitHttp2(server: Server, timeouts: Required<ServerTimeouts>): void {
  const sessions = new Set<SessionTimer>();
  let latest: SessionTimer | undefined;
  server.on("session", (session: ServerHttp2Session) => {
    const timer = latest = new SessionTimer(session, timeouts);
    sessions.add(timer);
    session.once("close", () => sessions.delete(timer));
  });
  // Node emits it right after `session`, for the same connection.
  server.on("secureConnection", (socket: Socket) => {
    if (latest) latest.socket = socket;
    latest = undefined;
  });
  const shortest = Math.min(...Object.values(timeouts).filter((limit) => limit > 0));
  if (shortest === Infinity) return;
  watch(server, shortest, (now) => {
    for (const session of sessions) session.check(now);
  });
}

interface OpenStream {
  readonly stream: ServerHttp2Stream;
  readonly began: number;
  readonly stall: StallTimer;
}

/** The timeouts of one HTTP/2 connection. */
class SessionTimer {
  /** The socket of the connection, which sessions of Node 22 sometimes leave open. */
  socket: Socket | undefined;
  readonly #session: ServerHttp2Session;
  readonly #timeouts: Required<ServerTimeouts>;
  readonly #streams = new Set<OpenStream>();
  #idleSince = performance.now();
  #maxIdle: number;

  constructor(session: ServerHttp2Session, timeouts: Required<ServerTimeouts>) {
    [this.#session, this.#timeouts, this.#maxIdle] = [session, timeouts, timeouts.headers];
    session.on("stream", (stream: ServerHttp2Stream) => this.#add(stream));
  }

  #add(stream: ServerHttp2Stream): void {
    joinSmallChunks(stream);
    const open: OpenStream = { stream, began: performance.now(), stall: new StallTimer() };
    this.#streams.add(open);
    this.#maxIdle = this.#timeouts.idle;
    stream.once("close", () => {
      this.#streams.delete(open);
      this.#idleSince = performance.now();
    });
  }

  check(now: number): void {
    const { request } = this.#timeouts;
    for (const open of this.#streams) {
      const { stream, began } = open;
      // Node does not emit `close` for some closed streams.
      if (stream.closed) continue;
      this.#idleSince = now;
      const late = request > 0 && stream.state.remoteClose === 0 && now - began > request;
      if (late || this.#isStalled(open, now)) stream.close(CANCEL);
    }
    const idle = now - this.#idleSince;
    if (this.#maxIdle === 0 || idle <= this.#maxIdle) return;
    this.#session.close();
    // A session waits for its client to read GOAWAY.
    if (idle > 2 * this.#maxIdle) this.socket?.destroy();
  }

  #isStalled({ stream, stall }: OpenStream, now: number): boolean {
    const { writableLength, writableFinished, state } = stream;
    // The end of the stream has to be sent, too.
    const waiting = writableLength + (writableFinished && state.localClose === 0 ? 1 : 0);
    // A chunk counts as waiting until all of it has been sent, so a large one gets more time.
    const { send } = this.#timeouts;
    return send > 0 && stall.time(waiting, now) > send + waiting / MIN_RATE;
  }
}

/**
 * Joins small chunks of a request body that arrive in one turn of the event loop. Each chunk costs a
 * hundred bytes until it is read, so frames of one byte would cost far more than the flow-control
 * window allows.
 */
function joinSmallChunks(stream: ServerHttp2Stream): void {
  const push = stream.push.bind(stream);
  const joiner = new ChunkJoiner((chunk) => void (stream.destroyed || push(chunk)), setImmediate);
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (!(chunk instanceof Uint8Array) || chunk.byteLength >= SMALL) {
      joiner.flush();
      return push(chunk, encoding);
    }
    joiner.add(chunk);
    // Waiting bytes count, so that reading stops at the same limit.
    return stream.readableLength + joiner.size < stream.readableHighWaterMark;
  };
}
