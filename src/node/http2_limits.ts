/**
 * What clients of HTTP/2 may ask of a server. Node limits neither their streams nor their time.
 *
 * @module
 */
import type { Server } from "node:http";
import type { SecureServerOptions, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { joinSmallChunks } from "./small_chunks.ts";
import { Stall } from "./stall.ts";
import type { ServerTimeouts } from "./timeouts.ts";

type Limits = Required<ServerTimeouts>;

/** What is wrong with the HTTP/2 of a version of Node, if something is known to be. */
export function unsoundHttp2(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= 24) return undefined;
  return `serve: the HTTP/2 server of Node ${version} can be made to abort the process; use Node 24 ` +
    "or later, or leave out http2 where clients are not trusted";
}

/** Options of a server. Each stream can cost a handler, a file and what waits to be sent. */
export const HTTP2_OPTIONS: SecureServerOptions = {
  settings: { maxConcurrentStreams: 100, maxHeaderListSize: 16 * 1024 },
};

/** How slowly a client may read what is sent, in bytes a millisecond; beside `send`. */
const SLOWEST = 10;

/** What is remembered of a stream. */
interface Exchange {
  readonly stream: ServerHttp2Stream;
  readonly began: number;
  readonly stall: Stall;
}

/** Watches the clients of a server, until it is closed. */
export function limitTime(server: Server, limits: Limits): void {
  const watches = new Set<SessionWatch>();
  let latest: SessionWatch | undefined;
  server.on("session", (session: ServerHttp2Session) => {
    const watch = latest = new SessionWatch(session, limits);
    watches.add(watch);
    session.once("close", () => watches.delete(watch));
  });
  // Of the same connection, and told of right after its session.
  server.on("secureConnection", (socket: Socket) => {
    if (latest) latest.socket = socket;
    latest = undefined;
  });
  const shortest = Math.min(...Object.values(limits).filter((limit) => limit > 0));
  if (shortest === Infinity) return;
  const timer = setInterval(() => {
    for (const watch of watches) watch.look(performance.now());
  }, Math.max(shortest / 4, 10));
  timer.unref();
  server.once("close", () => clearInterval(timer));
}

/** One connection. */
class SessionWatch {
  /** The connection itself, which sessions of Node 22 leave open at times. */
  socket: Socket | undefined;
  readonly #session: ServerHttp2Session;
  readonly #limits: Limits;
  readonly #exchanges = new Set<Exchange>();
  /** Since when there is no request. */
  #idle = performance.now();
  #patience: number;

  constructor(session: ServerHttp2Session, limits: Limits) {
    [this.#session, this.#limits, this.#patience] = [session, limits, limits.headers];
    session.on("stream", (stream: ServerHttp2Stream) => this.#begin(stream));
  }

  #begin(stream: ServerHttp2Stream): void {
    joinSmallChunks(stream);
    const exchange: Exchange = { stream, began: performance.now(), stall: new Stall() };
    this.#exchanges.add(exchange);
    this.#patience = this.#limits.idle;
    stream.once("close", () => {
      this.#exchanges.delete(exchange);
      this.#idle = performance.now();
    });
  }

  look(now: number): void {
    const { request } = this.#limits;
    for (const exchange of this.#exchanges) {
      const { stream, began } = exchange;
      // Some never are destroyed.
      if (stream.closed) continue;
      this.#idle = now;
      const late = request > 0 && stream.state.remoteClose === 0 && now - began > request;
      if (late || this.#isStuck(exchange, now)) stream.close(CANCEL);
    }
    const idle = now - this.#idle;
    if (this.#patience === 0 || idle <= this.#patience) return;
    this.#session.close();
    // A client that does not take the end would stay.
    if (idle > 2 * this.#patience) this.socket?.destroy();
  }

  /** Whether a client takes nothing of what waits for it. */
  #isStuck({ stream, stall }: Exchange, now: number): boolean {
    const { writableLength, writableFinished, state } = stream;
    // The end waits, too.
    const waiting = writableLength + (writableFinished && state.localClose === 0 ? 1 : 0);
    // What was written in one piece shows no progress before it was sent.
    const { send } = this.#limits;
    return send > 0 && stall.time(waiting, now) > send + waiting / SLOWEST;
  }
}

/** RFC 9113 §7. */
const CANCEL = 8;
