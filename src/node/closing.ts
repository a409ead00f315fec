/**
 * The end of a server.
 *
 * @module
 */
import type { Server } from "node:http";
import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { checkOptions, type Checks, is, isRecord, LONGEST, number } from "../config.ts";
import { answerOn } from "./pipelining.ts";

/** How to close a server. */
export interface CloseOptions {
  /**
   * How long what is being answered may take, in milliseconds; then it is cut. By default as long as
   * it takes: a stream of events may never end.
   */
  readonly timeout?: number;
}

const OPTIONS: Checks<CloseOptions> = { timeout: number(0, Infinity, "milliseconds, a number") };

/** Reads what `close` was given. */
export function closeOptions(how: boolean | CloseOptions): CloseOptions {
  if (typeof how === "boolean") return how ? { timeout: 0 } : {};
  is(isRecord, "true, or an object such as { timeout: 10_000 }")(how, "close: the argument");
  checkOptions("close", how, OPTIONS);
  return how;
}

/** How often a server that closes looks for connections that have become idle, in milliseconds. */
const LOOK = 50;
/** How long a request may take to arrive when the server closes, in milliseconds. */
const ARRIVAL = 1000;

/**
 * A function that stops a server, and may be called again.
 *
 * @param closeTunnels Closes connections that have been upgraded: they do not end by themselves.
 */
export function closer(
  server: Server,
  closeTunnels: () => void,
): (options: CloseOptions) => Promise<void> {
  const sockets = collect<Socket>(server, "connection");
  const secured = collect<Socket>(server, "secureConnection");
  const sessions = collect<Http2Session>(server, "session");
  let closed: Promise<void> | undefined;

  /** Whatever has no request, or not yet all of one. */
  const closeWaiting = (): void => {
    for (const socket of [...sockets, ...secured]) if (isWaiting(socket)) socket.destroy();
  };
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      // A connection of HTTP/1.1 is kept after an answer, although the server has stopped.
      const look = setInterval(() => server.closeIdleConnections?.(), LOOK);
      // Node limits the time of requests no more.
      const arrived = setInterval(closeWaiting, ARRIVAL);
      server.close(() => {
        clearInterval(look);
        clearInterval(arrived);
        resolve();
      });
      for (const session of sessions) session.close();
    });
  const force = (): void => {
    closeTunnels();
    for (const session of sessions) session.destroy();
    // Those whose handshake never ends are known by what is below TLS alone.
    for (const socket of [...secured, ...sockets]) socket.destroy();
  };
  return async ({ timeout = Infinity }) => {
    closed ??= stop();
    if (timeout === Infinity) closeTunnels();
    else if (timeout === 0) force();
    else {
      const timer = setTimeout(force, Math.min(timeout, LONGEST));
      void closed.then(() => clearTimeout(timer));
    }
    await closed;
  };
}

/** Whether a connection is one of HTTP/1.1 that waits for a request. */
function isWaiting(socket: Socket): boolean {
  const { parser } = socket as { parser?: object | null };
  return Boolean(parser) && !answerOn(socket);
}

/** Everything that a server has of one kind, until it closes. */
function collect<T extends NodeJS.EventEmitter>(server: Server, event: string): Set<T> {
  const all = new Set<T>();
  server.on(event, (one: T) => {
    all.add(one);
    one.once("close", () => all.delete(one));
  });
  return all;
}
