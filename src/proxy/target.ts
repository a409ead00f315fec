/**
 * Reads a target: where requests are sent, and how.
 *
 * @module
 */
import { readOptions, shown } from "../config.ts";
import type { AnyHandler } from "../handler.ts";
import { type Field, fieldNames } from "../http/fields.ts";
import { isHopByHop } from "../http/hop_by_hop.ts";
import type { Capability, Connection, Transport } from "../transport/transport.ts";
import {
  type AnyTarget,
  ELSEWHERE,
  type MirrorTarget,
  TARGET_OPTIONS,
  type TargetOptions,
} from "./target_options.ts";
import { isOptions, readUpstreams } from "./upstream.ts";
import type { Refuse, Target } from "./types.ts";
import { droppedFields } from "./upstream_request.ts";
import { roundRobin } from "./upstreams/balancers.ts";
import type { Mirror } from "./upstreams/mirror.ts";
import { pool } from "./upstreams/pool.ts";
import type { ProxySettings } from "./proxy_options.ts";

/** What a target does not get to know about clients, nor its mirror. */
interface Withheld {
  readonly credentials: boolean;
  /** Fields that `removeHeaders` names. */
  readonly removed: readonly string[];
  /** Fields that `headers` replaces. */
  readonly replaced: readonly string[];
}

const NOTHING: Withheld = { credentials: true, removed: [], replaced: [] };
/** Options without a meaning where the response is discarded, or the prefix is removed already. */
const NOT_MIRRORED = ["removePrefix", "rewriteLocation", "secureCookies", "mirror"] as const;

/**
 * Checks a configured target, and makes it ready to use.
 *
 * @param name What errors call the target.
 * @param withheld What is withheld from it unless its options differ.
 * @throws {TypeError} Naming the target, the option and the remedy.
 */
export function readTarget(
  name: string,
  value: AnyTarget,
  settings: ProxySettings,
  withheld: Withheld = NOTHING,
): Target {
  const { transport, timeout } = settings;
  const refuse: Refuse = (why) => {
    throw new TypeError(`proxy: ${name}${why}`);
  };
  const given: TargetOptions<AnyHandler> = isOptions(value) ? value : { target: value };
  const options = readOptions(`proxy: ${name}`, given, TARGET_OPTIONS, { elsewhere: ELSEWHERE });
  const set = readUpstreams(options.target, transport, name, refuse);
  const local = !set.watch && set.upstreams.every((upstream) => upstream.local);
  const { host, credentials = withheld.credentials, removeHeaders } = options;
  if (host !== "<auto>" && !local && !transport.capabilities.has("host")) {
    refuse(': host must be "<auto>"; this runtime always sends the host of the target');
  }
  const headers = readHeaders(options.headers, refuse);
  const connection = readConnection(
    options,
    local ? undefined : transport,
    timeout.connect,
    refuse,
  );
  const { removed, replaced } = removeHeaders === undefined
    ? withheld
    : { removed: readRemoved(removeHeaders, refuse), replaced: [] };
  const added = headers.map(([name]) => name);
  const ours = [...added, ...removed];
  const { balance = roundRobin(), health, retry, limit } = options;
  const healths = [health].flat();
  return {
    ...options,
    headers,
    connection,
    deliver: pool(set, { balance, healths, retry, limit }, { host, headers, connection }),
    cookie: balance.cookie,
    anyMethod: transport.capabilities.has("anyMethod"),
    getContent: !local && transport.capabilities.has("getContent"),
    dropped: droppedFields([...ours, ...replaced], credentials),
    removed: ours.length > 0 ? fieldNames(ours) : undefined,
    credentials,
    scope: "",
    mirror: options.mirror &&
      readMirror(name, options.mirror, settings, { credentials, removed, replaced: added }, refuse),
  };
}

/** The target, and its mirror, for paths that begin with `prefix`, which is canonical. */
export function scoped(target: Target, prefix: string): Target {
  if (target.removePrefix) return target;
  const { mirror } = target;
  return {
    ...target,
    scope: prefix,
    mirror: mirror && { by: mirror.by, to: { ...mirror.to, scope: prefix } },
  };
}

function readMirror(
  name: string,
  mirror: Mirror<MirrorTarget>,
  settings: ProxySettings,
  withheld: Withheld,
  refuse: Refuse,
): Target["mirror"] {
  for (const option of NOT_MIRRORED) {
    if (isOptions(mirror.target) && mirror.target[option] !== undefined) {
      refuse(`: the target of its mirror must not have ${option}; leave it out`);
    }
  }
  return { by: mirror, to: readTarget(`the mirror of ${name}`, mirror.target, settings, withheld) };
}

/** Fields with an option of their own, or that describe the content. */
const RESERVED = new Map([
  ["host", "use the option host"],
  ["content-length", "it is the length of what the client sends"],
  ["expect", "the host has answered it"],
  ["via", "use the option via"],
]);

/** Reads the option `headers`. */
function readHeaders(
  headers: Readonly<Record<string, string>>,
  refuse: Refuse,
): readonly Field[] {
  const fields = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    const why = isHopByHop(name)
      ? "it belongs to the connection"
      : RESERVED.get(name.toLowerCase());
    if (why) refuse(`: headers must not set ${name}; ${why}`);
    try {
      fields.append(name, value);
    } catch {
      // Not the error of the runtime: it may show the value, which may be a secret.
      refuse(
        `: headers has ${shown(name)}, which cannot be sent; give a token as name, and a value ` +
          "in Latin-1 without line breaks",
      );
    }
  }
  return [...fields];
}

/** Reads the option `removeHeaders`: names in lower case. */
function readRemoved(names: readonly string[], refuse: Refuse): readonly string[] {
  return names.map((name) => {
    const why = RESERVED.get(name.toLowerCase());
    return why ? refuse(`: removeHeaders must not have ${name}; ${why}`) : name.toLowerCase();
  });
}

const unable = (option: string): string =>
  `the transport of this runtime cannot use ${option}; give another transport`;

/** Options of a connection: the capability that each needs, and what to do without it. */
const NEEDS: readonly (readonly [
  option: keyof Connection,
  isUsed: (options: Connection) => unknown,
  capability: Capability,
  remedy: string,
])[] = [
  ["tls", ({ tls }) => tls, "tls", unable("tls")],
  ["socketPath", ({ socketPath }) => socketPath, "unix", unable("socketPath")],
  ["http2", ({ http2 }) => http2, "http2", unable("http2")],
  [
    "tls",
    ({ tls }) => tls?.rejectUnauthorized === false,
    "insecureTls",
    "tls.rejectUnauthorized must be true on this runtime; name the authority of the target's certificate as tls.ca",
  ],
  [
    "tls",
    ({ tls }) => tls?.servername !== undefined,
    "servername",
    "tls.servername cannot be chosen on this runtime; put the name into the URL of the target",
  ],
  [
    "http2",
    ({ http2 }) => http2 === "prior knowledge",
    "priorKnowledge",
    "http2 must be true or false on this runtime, which uses it only with TLS",
  ],
];

/**
 * Reads the options of the connection.
 *
 * @param transport `undefined` for a target without a connection.
 * @param connectTimeout Time for the connection, in milliseconds; 0 for no limit.
 * @returns `undefined` without any option.
 */
function readConnection(
  { tls, socketPath, http2 }: TargetOptions<AnyHandler>,
  transport: Transport | undefined,
  connectTimeout: number,
  refuse: Refuse,
): Connection | undefined {
  const connection: Connection = {
    ...(tls && { tls }),
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(http2 && { http2 }),
    ...(transport && connectTimeout > 0 ? { connectTimeout } : {}),
  };
  for (const [option, isUsed, capability, remedy] of NEEDS) {
    if (!isUsed(connection) || transport?.capabilities.has(capability)) continue;
    refuse(
      `: ${transport ? remedy : `${option} needs the URL of an upstream; a handler has none`}`,
    );
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    refuse(": tls needs cert and key together; give both, or neither");
  }
  return Object.keys(connection).length === 0 ? undefined : connection;
}
