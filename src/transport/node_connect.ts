/**
 * Connections for undici. Its own connector lets the `Host` field name the certificate of a target
 * that is an IP address.
 *
 * @module
 */
import type { Connection } from "./transport.ts";
import { addressOf } from "./spelling.ts";
import { builtin } from "../runtime.ts";
import { serverName, tlsOptions } from "./connect_tls.ts";

/** Makes a connection, and calls back with it or with an error; returns what can be destroyed. */
export type Connect = (
  where: { readonly hostname: string; readonly port?: string; readonly protocol: string },
  callback: (error: Error | null, socket: Socket | null) => void,
) => Socket;
type Socket = import("node:net").Socket & { alpnProtocol?: string | false | null };

/** How long a connection may take to be made when nobody says, in milliseconds. */
const TIMEOUT = 10_000;

/**
 * Undici takes a reset for the end of content that is delimited by the end of the connection, by
 * this code; it is cut (RFC 9112 §8).
 */
function notAnEnd(error: Error & { code?: string }): void {
  if (error.code === "ECONNRESET") error.code = "EPIPE";
}

/** Connects as the options of a target say. */
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
    // What undici takes for an agreement on HTTP/2.
    if (!secure && http2 === "prior knowledge") socket.alpnProtocol = "h2";
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    socket.on("error", notAnEnd);
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
