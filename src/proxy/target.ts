/**
 * A target: where requests are sent, and how they are changed on the way.
 *
 * @module
 */
import { checkOptions, type Checks, flag, is, like } from "../config.ts";
import type { AnyHandler, Fetcher, Handler, NeedsOf } from "../handler.ts";
import { fieldNames } from "../http/fields.ts";
import { isAuthority } from "../http/request_target.ts";
import {
  CONNECTION_OPTIONS,
  type ConnectionOptions,
  readConnection,
} from "./connection_options.ts";
import { HEADER_OPTIONS, readHeaders, readRemoved } from "./header_options.ts";
import { droppedFields } from "./upstream_request.ts";
import type { ProxySettings } from "./proxy_options.ts";
import { isPlace, readUpstreams, type TargetPlace } from "./target_place.ts";
import { attachHealth, type ProbeRequest } from "./upstreams/probe.ts";
import type { Mirror } from "./upstreams/mirror.ts";
import { pool } from "./upstreams/pool.ts";
import { POOL_OPTIONS, type PoolOptions, readPool } from "./upstreams/pool_options.ts";
import type { Refuse, Target } from "./types.ts";

/** Where to send requests, or where and how, with a handler of any kind. */
export type AnyTarget = TargetPlace<AnyHandler> | TargetOptions<AnyHandler>;

/** The handler in a target, or what has one, if there is any. */
export type HandlerIn<T> = T extends AnyHandler | Fetcher ? T
  : T extends { readonly target: infer P extends AnyHandler | Fetcher } ? P
  : never;

/** The platform arguments that a target needs: those of its handler, if it has one. */
export type TargetNeeds<T> = NeedsOf<HandlerIn<T>>;

/** Where to send requests, and how. */
export interface TargetOptions<H = Handler> extends ConnectionOptions, PoolOptions {
  /** Where to; see {@linkcode TargetPlace}. */
  readonly target: TargetPlace<H>;
  /** Whether the prefix is taken off the path before it is appended. Default `false`. */
  readonly removePrefix?: boolean;
  /**
   * The `Host` field of the forwarded request: `"<auto>"` for the host of the target, `null` for
   * the one that the client sent, or a value. Only `"<auto>"` on Cloudflare Workers. A handler and a
   * service binding have no host, so that `"<auto>"` means the client's there. Default `"<auto>"`.
   */
  readonly host?: string | null;
  /** Fields to set on the forwarded request, in place of the client's. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Fields to leave out of the forwarded request, such as `"x-internal-*"`: the client's, and those
   * that the proxy would add. A `*` at the end stands for anything. Default none.
   */
  readonly removeHeaders?: readonly string[];
  /**
   * Whether the client's `Authorization` and `Cookie` go to the target and its `Set-Cookie` and
   * `Clear-Site-Data` come back. Set it to `false` for targets that are not yours. Default `true`.
   */
  readonly credentials?: boolean;
  /**
   * Whether references to the target in `Location`, `Content-Location`, `Refresh` and `Link`, and
   * `Domain` and `Path` in `Set-Cookie`, are changed to where the client finds it; and the client's
   * in `Destination` and `If` (WebDAV) to where the target is. Default `true`.
   */
  readonly rewriteLocation?: boolean;
  /**
   * Whether `Origin` is changed to that of the target where it is the one that the client asked for,
   * for targets that compare it with `Host`. The `Origin` of a page of another site stays. Needs
   * `rewriteLocation`. Default `false`.
   */
  readonly rewriteOrigin?: boolean;
  /**
   * Whether cookies keep `Secure`. With `false`, it is taken off where the client came without TLS,
   * as to a server for development, and with it `Partitioned` and `SameSite=None`, which need it.
   * Default `true`.
   */
  readonly secureCookies?: boolean;
  /** Where copies of requests go, see {@linkcode mirrorTo}. Default nowhere. */
  readonly mirror?: Mirror<MirrorTarget>;
}

/** Takes options that there are not for an error, where the options have handlers of any kind. */
export type KnownOptions<T> = T extends { readonly target: unknown }
  ? { readonly [K in Exclude<keyof T, keyof TargetOptions>]: UnknownOption }
  : unknown;

/** What no option is. */
export interface UnknownOption {
  /** The error. */
  readonly "a target has no option of this name; leave it out": never;
}

/**
 * Where copies of requests go, and how. Their path is the one that is appended for the original. What
 * the target withholds is withheld from the mirror, too, unless its own options say otherwise:
 * `credentials`, and with `removeHeaders` the fields that the target removes or replaces.
 */
export type MirrorTarget =
  | TargetPlace
  | Omit<TargetOptions, "removePrefix" | "rewriteLocation" | "secureCookies" | "mirror">;

/** What means nothing where the response is thrown away, or the prefix is gone. */
const NOT_MIRRORED = ["removePrefix", "rewriteLocation", "secureCookies", "mirror"] as const;

const OPTIONS: Checks<TargetOptions> = {
  target: () => {},
  removePrefix: flag,
  host: is(
    (value) =>
      value === "<auto>" || value === null || typeof value === "string" && isAuthority(value),
    '"<auto>", null or a host such as "example.com:8000"',
  ),
  ...HEADER_OPTIONS,
  credentials: flag,
  rewriteLocation: flag,
  rewriteOrigin: flag,
  secureCookies: flag,
  mirror: like("one such as mirrorTo(url)", "shouldCopy", "copy"),
  ...CONNECTION_OPTIONS,
  ...POOL_OPTIONS,
};

/** What a target does not tell of its clients, nor a mirror of it. */
interface Withheld {
  readonly credentials: boolean;
  /** Fields that `removeHeaders` names. */
  readonly removed: readonly string[];
  /** Fields that `headers` replaces. */
  readonly replaced: readonly string[];
}

const NOTHING: Withheld = { credentials: true, removed: [], replaced: [] };

/** How others call what is an option here, or needs none. */
const ELSEWHERE = {
  changeOrigin: "leave it out: the host is that of the target",
  secure: "give tls: { rejectUnauthorized: false }",
  pathRewrite: "removePrefix",
};

/**
 * Checks what was configured as a target.
 *
 * @param name What the target is called in errors.
 * @param withheld What is withheld from it unless its options say otherwise.
 * @throws {TypeError} Naming the target, the option and the remedy.
 */
export function readTarget(
  name: string,
  value: AnyTarget,
  settings: ProxySettings,
  withheld: Withheld = NOTHING,
): Target {
  const { transport, timeouts } = settings;
  const refuse: Refuse = (why) => {
    throw new TypeError(`proxy: ${name}${why}`);
  };
  const options = isOptions(value) ? value : { target: value };
  checkOptions<TargetOptions<AnyHandler>>(`proxy: ${name}`, options, OPTIONS, {
    elsewhere: ELSEWHERE,
  });
  const { upstreams, watch } = readUpstreams(options.target, transport, name, refuse);
  const local = !watch && upstreams.every((upstream) => upstream.local);
  const { host = "<auto>" } = options;
  if (host !== "<auto>" && !local && !transport.capabilities.has("host")) {
    refuse(': host must be "<auto>"; this runtime always sends the host of the target');
  }
  const manner: ProbeRequest = {
    host,
    headers: readHeaders(options.headers ?? {}, refuse),
    connection: readConnection(
      options,
      local ? undefined : transport,
      timeouts.connect,
      refuse,
    ),
  };
  const { credentials = withheld.credentials, removePrefix = false, rewriteLocation = true } =
    options;
  const { rewriteOrigin = false, secureCookies = true } = options;
  const together = readPool(options);
  const changes = attachHealth(upstreams, together.healths, manner);
  watch?.(changes);
  const { removed, replaced } = options.removeHeaders === undefined
    ? withheld
    : { removed: readRemoved(options.removeHeaders, refuse), replaced: [] };
  const set = manner.headers.map(([name]) => name);
  const ours = [...set, ...removed];
  return {
    ...manner,
    deliver: pool(upstreams, together, watch !== undefined),
    cookie: together.balance.cookie,
    anyMethod: transport.capabilities.has("anyMethod"),
    getContent: !local && transport.capabilities.has("getContent"),
    removePrefix,
    dropped: droppedFields([...ours, ...replaced], credentials),
    removed: ours.length > 0 ? fieldNames(ours) : undefined,
    credentials,
    rewriteLocation,
    rewriteOrigin,
    secureCookies,
    scope: "",
    mirror: options.mirror &&
      readMirror(name, options.mirror, settings, { credentials, removed, replaced: set }, refuse),
  };
}

/** The target, and its mirror, for requests whose path begins so; `prefix` is canonical. */
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

/** The others are asked first: a service binding of Workers seems to have every property. */
export function isOptions(value: AnyTarget): value is TargetOptions<AnyHandler> {
  return !isPlace(value) && "target" in (value as object);
}
