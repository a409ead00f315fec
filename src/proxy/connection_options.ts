/**
 * The options of the connection to a target.
 *
 * @module
 */
import { type Check, type Checks, flag, oneOf, oneOrMore, shape, text } from "../config.ts";
import type { Capability, Connection, TlsOptions, Transport } from "../transport/transport.ts";
import type { Refuse } from "./types.ts";

/** How to reach a target, besides its URL. */
export interface ConnectionOptions {
  /** Whom to trust, and as whom to speak, at an `https:` target. Default: as the runtime does. */
  readonly tls?: TlsOptions;
  /** The path of a Unix socket to connect to in place of the host of the URL. */
  readonly socketPath?: string;
  /**
   * Whether to speak HTTP/2 where the target agrees, or, with `"prior knowledge"`, at once. For
   * upstreams that you trust only: malformed frames can make Node abort the process. Default `false`.
   */
  readonly http2?: boolean | "prior knowledge";
}

const pem = (what: string): Check => text(`${what} in PEM`);

/** What the options must be. */
export const CONNECTION_OPTIONS: Checks<ConnectionOptions> = {
  tls: shape<TlsOptions>({
    ca: oneOrMore(pem("certificates of authorities")),
    cert: pem("a certificate"),
    key: pem("a private key"),
    rejectUnauthorized: flag,
    servername: text("the name in the certificate of the target"),
  }),
  socketPath: text("the path of a Unix socket"),
  http2: oneOf(true, false, "prior knowledge"),
};

const NEEDS: readonly (readonly [keyof ConnectionOptions, Capability])[] = [
  ["tls", "tls"],
  ["socketPath", "unix"],
  ["http2", "http2"],
];
/** What a part of an option needs, and what to do without. */
const DETAILS: readonly (readonly [Capability, (connection: Connection) => unknown, string])[] = [
  [
    "insecureTls",
    ({ tls }) => tls?.rejectUnauthorized === false,
    "tls.rejectUnauthorized must be true on this runtime; name the authority of the target's certificate as tls.ca",
  ],
  [
    "servername",
    ({ tls }) => tls?.servername !== undefined,
    "tls.servername cannot be chosen on this runtime; put the name into the URL of the target",
  ],
  [
    "priorKnowledge",
    ({ http2 }) => http2 === "prior knowledge",
    "http2 must be true or false on this runtime, which speaks it over TLS alone",
  ],
];

/**
 * The options of the connection, or `undefined` when there are none.
 *
 * @param transport `undefined` where there is no connection.
 * @param connectTimeout How long it may take to be made, or 0.
 */
export function readConnection(
  options: ConnectionOptions,
  transport: Transport | undefined,
  connectTimeout: number,
  refuse: Refuse,
): Connection | undefined {
  const given = NEEDS.filter(([name]) => options[name] !== undefined && options[name] !== false);
  for (const [name, capability] of given) {
    if (!transport) refuse(`: ${name} needs the URL of an upstream, which a handler has not`);
    if (!transport.capabilities.has(capability)) {
      refuse(`: the way this runtime sends requests has no ${name}; give another transport`);
    }
  }
  const { tls } = options;
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    refuse(": tls needs cert and key together; give both, or neither");
  }
  const limit = transport && connectTimeout > 0 ? { connectTimeout } : undefined;
  if (given.length === 0) return limit;
  const connection: Connection = {
    ...Object.fromEntries(given.map(([name]) => [name, options[name]])),
    ...limit,
  };
  for (const [capability, asks, remedy] of DETAILS) {
    if (asks(connection) && !transport?.capabilities.has(capability)) refuse(`: ${remedy}`);
  }
  return connection;
}
