/**
 * What clients of HTTP/2 may ask of a server. Node limits neither their streams nor their time.
 *
 * @module
 */
import type { Server } from "node:http";
import type { SecureServerOptions, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { ServerTimeouts } from "./timeouts.ts";

type Limits = Required<ServerTimeouts>;

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
  /** How much waited to be sent, and since when it is so much. */
  waiting: number;
  since: number;
}

/** Watches the clients of a server, until it is closed. */
export function limitTime(server: Server, limits: Limits): void {
  const watches = new Set<SessionWatch>();
  server.on("session", (session: ServerHttp2Session) => {
    const watch = new SessionWatch(session, limits);
    watches.add(watch);
    session.once("close", () => watches.delete(watch));
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
  readonly #session: ServerHttp2Session;
  readonly #limits: Limits;
  readonly #exchanges = new Set<Exchange>();
  /** Since when there is no stream. */
  #idle = performance.now();
  #patience: number;

  constructor(session: ServerHttp2Session, limits: Limits) {
    [this.#session, this.#limits, this.#patience] = [session, limits, limits.headers];
    session.on("stream", (stream: ServerHttp2Stream) => this.#begin(stream));
  }

  #begin(stream: ServerHttp2Stream): void {
    const now = performance.now();
    const exchange: Exchange = { stream, began: now, waiting: 0, since: now };
    this.#exchanges.add(exchange);
    stream.once("close", () => {
      this.#exchanges.delete(exchange);
      this.#idle = performance.now();
      this.#patience = this.#limits.idle;
    });
  }

  look(now: number): void {
    const { request } = this.#limits;
    for (const exchange of this.#exchanges) {
      const { stream, began } = exchange;
      const arriving = stream.state.remoteClose === 0;
      const late = request > 0 && arriving && now - began > request;
      if (late || this.#isStuck(exchange, now)) stream.close(CANCEL);
    }
    if (this.#exchanges.size > 0 || this.#patience === 0) return;
    const idle = now - this.#idle;
    // A client that does not take the GOAWAY of the first would stay.
    if (idle > 2 * this.#patience) this.#session.destroy();
    else if (idle > this.#patience) this.#session.close();
  }

  /** Whether a client takes nothing of what waits for it. */
  #isStuck(exchange: Exchange, now: number): boolean {
    const waiting = exchange.stream.writableLength;
    if (waiting === 0 || waiting !== exchange.waiting) {
      [exchange.waiting, exchange.since] = [waiting, now];
      return false;
    }
    // What was written in one piece shows no progress before it was sent.
    const { send } = this.#limits;
    return send > 0 && now - exchange.since > send + waiting / SLOWEST;
  }
}

/** RFC 9113 §7. */
const CANCEL = 8;
