/**
 * Reads a target: where requests are sent, and how.
 *
 * @module
 */
import { checkOptions } from "../config.ts";
import type { AnyHandler } from "../handler.ts";
import { fieldNames } from "../http/fields.ts";
import {
  type AnyTarget,
  ELSEWHERE,
  isOptions,
  type MirrorTarget,
  readConnection,
  readHeaders,
  readRemoved,
  TARGET_OPTIONS,
  type TargetOptions,
} from "./target_options.ts";
import type { ProxySettings, Refuse, Target } from "./types.ts";
import { readUpstreams } from "./upstream.ts";
import { droppedFields } from "./upstream_request.ts";
import { roundRobin } from "./upstreams/balancers.ts";
import type { Mirror } from "./upstreams/mirror.ts";
import { pool } from "./upstreams/pool.ts";
import { attachHealth } from "./upstreams/probe.ts";

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
  const options = isOptions(value) ? value : { target: value };
  checkOptions<TargetOptions<AnyHandler>>(`proxy: ${name}`, options, TARGET_OPTIONS, {
    elsewhere: ELSEWHERE,
  });
  const { upstreams, watch } = readUpstreams(options.target, transport, name, refuse);
  const local = !watch && upstreams.every((upstream) => upstream.local);
  const { host = "<auto>", credentials = withheld.credentials, removeHeaders } = options;
  if (host !== "<auto>" && !local && !transport.capabilities.has("host")) {
    refuse(': host must be "<auto>"; this runtime always sends the host of the target');
  }
  const headers = readHeaders(options.headers ?? {}, refuse);
  const connection = readConnection(
    options,
    local ? undefined : transport,
    timeout.connect,
    refuse,
  );
  const { removed, replaced } = removeHeaders === undefined
    ? withheld
    : { removed: readRemoved(removeHeaders, refuse), replaced: [] };
  const set = headers.map(([name]) => name);
  const ours = [...set, ...removed];
  const { balance = roundRobin(), health = [], retry, limit } = options;
  const healths = [health].flat();
  const changes = attachHealth(upstreams, healths, { host, headers, connection });
  watch?.(changes);
  return {
    host,
    headers,
    connection,
    deliver: pool(upstreams, { balance, healths, retry, limit }, watch !== undefined),
    cookie: balance.cookie,
    anyMethod: transport.capabilities.has("anyMethod"),
    getContent: !local && transport.capabilities.has("getContent"),
    removePrefix: options.removePrefix ?? false,
    dropped: droppedFields([...ours, ...replaced], credentials),
    removed: ours.length > 0 ? fieldNames(ours) : undefined,
    credentials,
    rewriteLocation: options.rewriteLocation ?? true,
    rewriteOrigin: options.rewriteOrigin ?? false,
    secureCookies: options.secureCookies ?? true,
    scope: "",
    mirror: options.mirror &&
      readMirror(name, options.mirror, settings, { credentials, removed, replaced: set }, refuse),
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
