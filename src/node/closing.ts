/**
 * Closes a server: requests that have begun get their response, everything else ends.
 *
 * @module
 */
import type { Server } from "node:http";
import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { checkOptions, type Checks, is, isRecord, LONGEST, number } from "../config.ts";
import { currentResponse } from "./connection.ts";

/** Options of `close`. */
export interface CloseOptions {
  /**
   * How long running responses may take, in milliseconds; then they are cut. An event stream may
   * never end by itself.
   *
   * @default Infinity
   */
  readonly timeout?: number;
}

const CHECKS: Checks<CloseOptions> = { timeout: number(0, Infinity, "milliseconds, a number") };

/** How often idle connections are closed while the server closes, in milliseconds. */
const IDLE_INTERVAL = 50;
/** How long a request may take to arrive while the server closes, in milliseconds. */
const ARRIVAL_TIMEOUT = 1000;

/** Reads the argument of `close`; `true` stands for a timeout of 0. */
export function closeOptions(how: boolean | CloseOptions): CloseOptions {
  if (typeof how === "boolean") return how ? { timeout: 0 } : {};
  is(isRecord, "true, or an object such as { timeout: 10_000 }")(how, "close: the argument");
  checkOptions("close", how, CHECKS);
  return how;
}

/**
 * Creates the function that closes a server. It may be called again, with a shorter timeout.
 *
 * @param closeDetached Closes the connections that the server does not close.
 */
export function closer(
  server: Server,
  closeDetached: () => void,
): (options: CloseOptions) => Promise<void> {
  const sockets = open<Socket>(server, "connection");
  const secureSockets = open<Socket>(server, "secureConnection");
  const sessions = open<Http2Session>(server, "session");
  let closed: Promise<void> | undefined;

  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      // Node keeps an HTTP/1.1 connection after its response, although the server has stopped.
      const idle = setInterval(() => server.closeIdleConnections?.(), IDLE_INTERVAL);
      // Node no longer applies its timeouts to requests.
      const waiting = setInterval(() => {
        for (const socket of [...sockets, ...secureSockets]) {
          if (isWaiting(socket)) socket.destroy();
        }
      }, ARRIVAL_TIMEOUT);
      server.close(() => {
        clearInterval(idle);
        clearInterval(waiting);
        resolve();
      });
      for (const session of sessions) session.close();
    });
  const force = (): void => {
    closeDetached();
    for (const session of sessions) session.destroy();
    // Before the end of the TLS handshake, there is only the socket below.
    for (const socket of [...secureSockets, ...sockets]) socket.destroy();
  };
  return async ({ timeout = Infinity }) => {
    closed ??= stop();
    if (timeout === Infinity) closeDetached();
    else if (timeout === 0) force();
    else {
      const timer = setTimeout(force, Math.min(timeout, LONGEST));
      void closed.then(() => clearTimeout(timer));
    }
    await closed;
  };
}

/** Whether an HTTP/1 connection has no complete request. */
function isWaiting(socket: Socket): boolean {
  const { parser } = socket as { parser?: object | null };
  return Boolean(parser) && !currentResponse(socket);
}

/** The open connections or sessions of a server. */
function open<T extends NodeJS.EventEmitter>(server: Server, event: string): Set<T> {
  const all = new Set<T>();
  server.on(event, (one: T) => {
    all.add(one);
    one.once("close", () => all.delete(one));
  });
  return all;
}
