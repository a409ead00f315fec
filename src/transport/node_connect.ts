/**
 * Connections from Node to upstreams: how they are made, with TLS or without, and what happens when
 * the upstream closes one that was kept.
 *
 * @module
 */
import { isIdempotent } from "../http/methods.ts";
import { builtin } from "../runtime.ts";
import type { Connection, IncomingResponse, OutgoingRequest, Transport } from "./transport.ts";

type Socket = import("node:net").Socket & { alpnProtocol?: string | false | null };

/** The host of a URL as an address to connect to. */
export function addressOf(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** The TLS options of a connection under the names of `node:tls`. */
export function tlsOptions({ tls = {} }: Connection): import("node:tls").SecureContextOptions & {
  rejectUnauthorized: boolean;
} {
  const { ca, cert, key, rejectUnauthorized = true } = tls;
  return {
    rejectUnauthorized,
    ...(ca === undefined ? {} : { ca: typeof ca === "string" ? ca : [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/**
 * The name for SNI, which the certificate must have; `""` to check the address instead. It comes from
 * the target, never from the `Host` field, with which a client could choose a certificate of its own.
 */
export function serverName({ tls }: Connection, hostname: string): string {
  const name = tls?.servername ?? hostname;
  // RFC 6066 §3: SNI has no IP addresses.
  return name.startsWith("[") || /^[0-9.]+$/.test(name) ? "" : name;
}

/** Makes a connection and calls back with it or with an error. */
export type Connect = (
  where: { readonly hostname: string; readonly port?: string; readonly protocol: string },
  callback: (error: Error | null, socket: Socket | null) => void,
) => Socket;

/** The default time to make a connection, in milliseconds. */
const TIMEOUT = 10_000;

/**
 * A connector for undici and for HTTP/2. Undici's own would take the name for SNI from the `Host`
 * field where the target is an IP address.
 */
export function connector(connection: Connection): Connect {
  const { socketPath, http2, connectTimeout = TIMEOUT } = connection;
  const secureOptions = tlsOptions(connection);
  return ({ hostname, port, protocol }, callback) => {
    const secure = protocol === "https:";
    const host = addressOf(hostname);
    const where = socketPath === undefined
      ? { host, port: Number(port || (secure ? 443 : 80)) }
      : { host, path: socketPath };
    const socket: Socket = secure
      ? builtin("node:tls").connect({
        ...where,
        ...secureOptions,
        servername: serverName(connection, hostname),
        ALPNProtocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"],
      })
      : builtin("node:net").connect(where);
    // As if the upstream had agreed to HTTP/2 in TLS.
    if (!secure && http2 === "prior knowledge") socket.alpnProtocol = "h2";
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    socket.on("error", renameReset);
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" }));
    }, connectTimeout);
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      socket.off("error", settle).off(secure ? "secureConnect" : "connect", done);
      if (error) callback(error, null);
      else callback(null, socket);
    };
    const done = (): void => settle(null);
    return socket.once("error", settle).once(secure ? "secureConnect" : "connect", done);
  };
}

/**
 * Undici takes this code for the regular end of content that ends with its connection; such content
 * is incomplete (RFC 9112 §8).
 */
function renameReset(error: Error & { code?: string }): void {
  if (error.code === "ECONNRESET") error.code = "EPIPE";
}

/** How often a request may meet a stale connection; after that, the error is the upstream's. */
const MOST_STALE = 3;
/** The codes of Node and undici for the end of a connection. */
const CLOSED = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/**
 * Watches a kept connection from the moment when a request is sent on it. The result tells whether an
 * error means that the connection was stale: closed before the upstream sent a byte.
 */
export function watchKept(socket: { readonly bytesRead: number }): (error: Error) => boolean {
  const before = socket.bytesRead;
  return (error) =>
    socket.bytesRead === before && CLOSED.has((error as NodeJS.ErrnoException).code ?? "");
}

/** Starts one exchange; `isStale` is what `watchKept` tells of the error. */
type Exchange = (
  request: OutgoingRequest,
  resolve: (response: IncomingResponse) => void,
  reject: (error: Error, isStale?: boolean) => void,
) => void;

/**
 * Sends a request, and repeats it when its connection was stale, if it has no content and its method
 * allows it (RFC 9112 §9.3.1): the upstream may have read it. With callbacks, because a promise for
 * each attempt would cost every request.
 */
export function sendOverKept(exchange: Exchange): Transport["send"] {
  return (request) =>
    new Promise((resolve, reject) => {
      const { body, method, signal } = request;
      const attempt = (number: number): void => {
        let failed = false; // an error may be reported twice
        exchange(request, resolve, (error, isStale = false) => {
          if (failed) return;
          failed = true;
          const mayRepeat = isStale && number < MOST_STALE && body === null &&
            isIdempotent(method) && !signal.aborted;
          if (mayRepeat) queueMicrotask(() => attempt(number + 1));
          else reject(error);
        });
      };
      attempt(1);
    });
}
