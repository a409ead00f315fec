/**
 * A target: where requests are sent, and how they are changed on the way.
 *
 * @module
 */
import { checkOptions, type Checks, fail, flag, is, like, shown } from "../config.ts";
import { type Handler, type NeedsOf, requireHandler } from "../handler.ts";
import type { Field } from "../http/connection.ts";
import { isAuthority } from "../http/target.ts";
import {
  CONNECTION_OPTIONS,
  type ConnectionOptions,
  readConnection,
  type Refuse,
} from "./connection.ts";
import type { Deliver } from "./forward.ts";
import { HEADER_OPTIONS, readHeaders, readRemoved } from "./header_options.ts";
import { droppedFields } from "./outgoing.ts";
import type { Settings } from "./options.ts";
import type { Connection, Transport } from "./transport.ts";
import {
  type Fetcher,
  fetcherUpstream,
  localUpstream,
  remoteUpstream,
  type Upstream,
  type WeightedUrl,
} from "./upstream.ts";
import { introduce, type Manner } from "./upstreams/asking.ts";
import type { Mirror } from "./upstreams/mirror.ts";
import { pool } from "./upstreams/pool.ts";
import { POOL_OPTIONS, type PoolOptions, readPool } from "./upstreams/pool_options.ts";

/**
 * Where to send requests: the URL of an upstream, `http:` or `https:`, to whose path that of the
 * request is appended; several URLs that share the requests; a service binding of Cloudflare
 * Workers; or a handler in this process, which gets the platform arguments, too.
 *
 * What a handler has from `fetch`, and returns as it is, is taken for content that `fetch` has
 * decoded, so that its `Content-Encoding` is left out. Nothing tells whether it has: content that it
 * was asked to leave as it comes (`decompress: false` on Bun, `encodeResponseBody: "manual"` on
 * Workers) must be returned in a new response, `new Response(response.body, response)`.
 */
export type TargetPlace<H = Handler> =
  | string
  | URL
  | readonly (string | URL | WeightedUrl)[]
  | Fetcher
  | H;

/** Where to send requests, or where and how, with a handler of any kind. */
export type AnyTarget = TargetPlace<Handler<never[]>> | TargetOptions<Handler<never[]>>;

/** The handler in a target, if it has one. */
export type HandlerIn<T extends AnyTarget> = T extends Handler<never[]> ? T
  : T extends { readonly target: infer P extends Handler<never[]> } ? P
  : never;

/** The platform arguments that a target needs: those of its handler, if it has one. */
export type TargetNeeds<T extends AnyTarget> = [HandlerIn<T>] extends [never] ? readonly []
  : NeedsOf<HandlerIn<T>>;

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
   * Whether the client's `Authorization` and `Cookie` go to the target and its `Set-Cookie` comes
   * back. Set it to `false` for targets that are not yours. Default `true`.
   */
  readonly credentials?: boolean;
  /**
   * Whether references to the target in `Location`, `Content-Location`, `Refresh` and `Link`, and
   * `Domain` and `Path` in `Set-Cookie`, are changed to where the client finds it. Default `true`.
   */
  readonly rewrite?: boolean;
  /** Where copies of requests go, see {@linkcode mirrorTo}. Default nowhere. */
  readonly mirror?: Mirror<MirrorTarget>;
}

/** Takes options that there are not for an error, where the options have handlers of any kind. */
export type KnownOptions<T> = T extends { readonly target: unknown }
  ? { readonly [K in Exclude<keyof T, keyof TargetOptions>]: never }
  : unknown;

/** Where copies of requests go, and how. Their path is the one that is appended for the original. */
export type MirrorTarget =
  | TargetPlace
  | Omit<TargetOptions, "removePrefix" | "rewrite" | "mirror">;

/** What means nothing where the response is thrown away, or the prefix is gone. */
const NOT_MIRRORED = ["removePrefix", "rewrite", "mirror"] as const;

/** A checked target. */
export interface Target {
  /** Sends a request to one of its upstreams. */
  readonly deliver: Deliver;
  /** Whether every method can be sent. */
  readonly anyMethod: boolean;
  readonly removePrefix: boolean;
  readonly host: string | null;
  readonly headers: readonly Field[];
  /** Tells which fields, by name, are not passed on from clients. */
  readonly dropped: (name: string) => boolean;
  /** Whether there are fields that not even the proxy may add, because the options say so. */
  readonly removes: boolean;
  readonly credentials: boolean;
  readonly rewrite: boolean;
  readonly connection: Connection | undefined;
  /** What makes copies of requests, and where they go. */
  readonly mirror: { readonly by: Mirror; readonly to: Target } | undefined;
}

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
  rewrite: flag,
  mirror: like("one such as mirrorTo(url)", "chosen", "reflect"),
  ...CONNECTION_OPTIONS,
  ...POOL_OPTIONS,
};
const WEIGHTED: Checks<WeightedUrl> = { url: () => {}, weight: aboveZero };

/** How others call what is an option here, or needs none. */
const ELSEWHERE = {
  changeOrigin: 'leave it out: the host is that of the target, unless "host" says otherwise',
  secure: "give tls: { rejectUnauthorized: false } to take any certificate",
  ws: "leave it out: WebSockets are forwarded",
  xfwd: 'give the option "xForwarded" of the proxy',
  timeout: "it is an option of the proxy, its second argument",
  preserveHost: "give host: null",
  stripPrefix: "removePrefix",
  pathRewrite: "removePrefix",
};

/**
 * Checks what was configured as a target.
 *
 * @param name What the target is called in errors.
 * @throws {TypeError} Naming the target, the option and the remedy.
 */
export function readTarget(
  name: string,
  value: AnyTarget,
  settings: Settings,
): Target {
  const { transport, timeouts } = settings;
  const refuse: Refuse = (why) => {
    throw new TypeError(`proxy: ${name}${why}`);
  };
  const options = isOptions(value) ? value : { target: value };
  checkOptions<TargetOptions<Handler<never[]>>>(`proxy: ${name}`, options, OPTIONS, {
    elsewhere: ELSEWHERE,
  });
  const upstreams = readUpstreams(options.target, transport, name, refuse);
  const local = upstreams.every((upstream) => upstream.local);
  const { host = "<auto>" } = options;
  if (host !== "<auto>" && !local && !transport.capabilities.has("host")) {
    refuse(': host must be "<auto>"; this runtime always sends the host of the target');
  }
  const manner: Manner = {
    host,
    headers: readHeaders(options.headers ?? {}, refuse),
    connection: readConnection(
      options,
      local ? undefined : transport,
      timeouts.connect,
      refuse,
    ),
  };
  const { credentials = true, removePrefix = false, rewrite = true } = options;
  const together = readPool(options);
  introduce(upstreams, together.healths, manner);
  const removed = readRemoved(options.removeHeaders ?? [], refuse);
  return {
    ...manner,
    deliver: pool(upstreams, together),
    anyMethod: transport.capabilities.has("anyMethod"),
    removePrefix,
    dropped: droppedFields(manner.headers, removed, credentials),
    removes: manner.headers.length + removed.length > 0,
    credentials,
    rewrite,
    mirror: options.mirror && readMirror(name, options.mirror, settings, refuse),
  };
}

function readMirror(
  name: string,
  mirror: Mirror<MirrorTarget>,
  settings: Settings,
  refuse: Refuse,
): Target["mirror"] {
  for (const option of NOT_MIRRORED) {
    if (isOptions(mirror.target) && mirror.target[option] !== undefined) {
      refuse(`: the target of its mirror must not have ${option}; leave it out`);
    }
  }
  return { by: mirror, to: readTarget(`the mirror of ${name}`, mirror.target, settings) };
}

/** The others are asked first: a service binding of Workers seems to have every property. */
export function isOptions(value: AnyTarget): value is TargetOptions<Handler<never[]>> {
  return typeof value === "object" && value !== null && !(value instanceof URL) &&
    !Array.isArray(value) && !isFetcher(value) && "target" in value;
}

function isFetcher(value: unknown): value is Fetcher {
  return typeof value === "object" && value !== null && "fetch" in value &&
    typeof value.fetch === "function";
}

function readUpstreams(
  place: unknown,
  transport: Transport,
  name: string,
  refuse: Refuse,
): readonly Upstream[] {
  // The type of the middleware has made sure that the arguments are those it needs.
  if (typeof place === "function") {
    requireHandler(`proxy: ${name}`, place);
    return [localUpstream(place as Handler<readonly unknown[]>)];
  }
  if (isFetcher(place)) return [fetcherUpstream(place)];
  if (!Array.isArray(place)) return [remoteUpstream(readUrl(place, refuse), 1, transport)];
  if (place.length === 0) refuse(" is an empty list; give it a URL");
  return place.map((member: string | URL | WeightedUrl) => {
    const given: WeightedUrl = typeof member === "string" || member instanceof URL
      ? { url: member }
      : member;
    checkOptions(`proxy: ${name}`, given, WEIGHTED, { required: ["url"] });
    const { url, weight = 1 } = given;
    return remoteUpstream(readUrl(url, refuse), weight, transport);
  });
}

function readUrl(value: unknown, refuse: Refuse): URL {
  const url = (typeof value === "string" || value instanceof URL) && URL.parse(value) ||
    refuse(` is ${shown(value)}; give a URL such as "http://127.0.0.1:5001/"`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    refuse(' must be an http or https URL such as "http://127.0.0.1:5001/"');
  }
  if (url.search || url.hash) refuse(" must not have a query or a fragment; leave it out");
  if (url.username || url.password) {
    refuse(" must not hold credentials; set headers: { authorization: … }");
  }
  return url;
}

function aboveZero(value: unknown, where: string): void {
  if (!(Number.isFinite(value) && Number(value) > 0)) fail(where, value, "a number above 0");
}
