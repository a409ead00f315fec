/**
 * Options of TLS as Node names them.
 *
 * @module
 */
import type { Connection } from "./transport.ts";

/** The options of a connection that `node:tls` takes. */
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
 * The name to ask for and to find in the certificate; `""` for the address of the connection. It
 * comes from the target, never from the `Host` field: that may be the client's, who could otherwise
 * choose a certificate that the client has.
 */
export function serverName({ tls }: Connection, hostname: string): string {
  const name = tls?.servername ?? hostname;
  // RFC 6066 §3: IP addresses are not named.
  return name.startsWith("[") || /^[0-9.]+$/.test(name) ? "" : name;
}
