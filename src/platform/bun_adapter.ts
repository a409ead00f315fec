/**
 * Bun: its `fetch` with the content left as it comes.
 *
 * @module
 */
import type { Connection, Transport } from "../transport/transport.ts";
import { fetched, fetchInit } from "../transport/fetch_transport.ts";
import { httpUpgrade } from "../transport/node_upgrade.ts";
import { tlsOptions } from "../transport/connect_tls.ts";

/** Sends with Bun's `fetch`, not through a proxy that the environment names. */
export function bunTransport(): Transport {
  return {
    capabilities: new Set([
      "host",
      "tls",
      "servername",
      "insecureTls",
      "unix",
      "http2",
      "upgrade",
    ]),
    async send(request) {
      const init = fetchInit(request);
      init.headers.push(["host", request.host]);
      const own = { decompress: false, proxy: false, timeout: false };
      return fetched(
        await fetch(request.url, { ...init, ...own, ...connectionInit(request.connection) }),
      );
    },
    upgrade: httpUpgrade,
  };
}

function connectionInit(connection: Connection | undefined): object {
  if (!connection) return {};
  const { tls, socketPath, http2 } = connection;
  const serverName = tls?.servername;
  return {
    ...(tls ? { tls: { ...tlsOptions(connection), ...(serverName ? { serverName } : {}) } } : {}),
    ...(socketPath === undefined ? {} : { unix: socketPath }),
    ...(http2 ? { protocol: "http2" } : {}),
  };
}
