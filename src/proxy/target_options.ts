/**
 * The options of a target.
 *
 * @module
 */
import {
  type Check,
  fail,
  flag,
  is,
  like,
  listOf,
  oneOf,
  oneOrMore,
  shape,
  type Table,
  tableOf,
  text,
} from "../config.ts";
import type { AnyHandler, Fetcher, Handler, NeedsOf } from "../handler.ts";
import { isAuthority } from "../http/request_target.ts";
import type { TlsOptions } from "../transport/transport.ts";
import {
  type Balancer,
  type Health,
  isHealth,
  type UpstreamList,
  type WeightedUrl,
} from "./upstreams/types.ts";
import type { Mirror } from "./upstreams/mirror.ts";
import type { Limit } from "./upstreams/limits.ts";
import type { Retry } from "./upstreams/retries.ts";

/**
 * Where to send requests:
 *
 * - the URL of an upstream, `http:` or `https:`, to whose path that of the request is appended;
 * - several URLs that share the requests, or a list that changes, see {@linkcode upstreamList};
 * - a service binding of Cloudflare Workers;
 * - a handler in this process, which gets the platform arguments.
 *
 * A handler that returns a response of `fetch` unchanged loses its `Content-Encoding`, because
 * `fetch` has decoded the body. For a body that was not decoded (`decompress: false` on Bun,
 * `encodeResponseBody: "manual"` on Workers), return `new Response(response.body, response)`.
 */
export type TargetPlace<H = Handler> =
  | string
  | URL
  | readonly (string | URL | WeightedUrl)[]
  | UpstreamList
  | Fetcher
  | H;

/** Where to send requests, or where and how, with a handler of any kind. */
export type AnyTarget = TargetPlace<AnyHandler> | TargetOptions<AnyHandler>;

/** The handler, or the object with one, in a target. */
export type HandlerIn<T> = T extends AnyHandler | Fetcher ? T
  : T extends { readonly target: infer P extends AnyHandler | Fetcher } ? P
  : never;

/** The platform arguments that a target needs: those of its handler, if it has one. */
export type TargetNeeds<T> = NeedsOf<HandlerIn<T>>;

/** Where to send requests, and how. */
export interface TargetOptions<H = Handler> {
  /** Where to send requests; see {@linkcode TargetPlace}. */
  readonly target: TargetPlace<H>;
  /**
   * Whether the prefix is removed from the path before it is appended to that of the target.
   * @default false
   */
  readonly removePrefix?: boolean;
  /**
   * The `Host` field: `"<auto>"` for the host of the target, `null` for the host that the client
   * sent, or a value. Only `"<auto>"` on Cloudflare Workers. For a handler or a service binding,
   * `"<auto>"` is the client's.
   * @default "<auto>"
   */
  readonly host?: string | null;
  /**
   * Fields to set on each request, in place of the client's.
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Fields to remove from each request, such as `"x-internal-*"`: the client's, and those that the
   * proxy would add. A `*` at the end matches any rest.
   * @default []
   */
  readonly removeHeaders?: readonly string[];
  /**
   * Whether `Authorization` and `Cookie` of the client are sent to the target, and its `Set-Cookie`
   * and `Clear-Site-Data` are passed back. Use `false` for a target that is not yours.
   * @default true
   */
  readonly credentials?: boolean;
  /**
   * Whether references are rewritten: from the target to where the client finds it in `Location`,
   * `Content-Location`, `Refresh`, `Link`, and in `Domain` and `Path` of `Set-Cookie`; from the
   * client to the target in `Destination` and `If` (WebDAV).
   * @default true
   */
  readonly rewriteLocation?: boolean;
  /**
   * Whether an `Origin` that equals the site's becomes that of the target, for a target that
   * compares it with `Host`. The `Origin` of another site stays. Needs `rewriteLocation`.
   * @default false
   */
  readonly rewriteOrigin?: boolean;
  /**
   * Whether cookies keep `Secure`. With `false`, it is removed for clients without TLS, as in
   * development, together with `Partitioned` and `SameSite=None`, which need it.
   * @default true
   */
  readonly secureCookies?: boolean;
  /** Sends copies of requests to another target; see {@linkcode mirrorTo}. */
  readonly mirror?: Mirror<MirrorTarget>;
  /** Certificates for an `https:` target. */
  readonly tls?: TlsOptions;
  /** The path of a Unix socket to connect to, in place of the host of the URL. */
  readonly socketPath?: string;
  /**
   * Whether to use HTTP/2 if the target agrees, or, with `"prior knowledge"`, without asking. Only
   * for upstreams that you trust: malformed frames can crash Node.
   * @default false
   */
  readonly http2?: boolean | "prior knowledge";
  /**
   * Chooses one of several upstreams.
   * @default roundRobin()
   */
  readonly balance?: Balancer;
  /** Sends failed requests again; see {@linkcode retries}. */
  readonly retry?: Retry;
  /**
   * Tells which upstreams are healthy; see {@linkcode passiveHealth} and {@linkcode activeHealth}.
   */
  readonly health?: Health | readonly Health[];
  /** Limits the requests in flight; see {@linkcode concurrency}. */
  readonly limit?: Limit;
}

/** Turns options that do not exist into an error where the target has a handler of any kind. */
export type KnownOptions<T> = T extends { readonly target: unknown }
  ? { readonly [K in Exclude<keyof T, keyof TargetOptions>]: UnknownOption }
  : unknown;

/** The type of options that do not exist. */
export interface UnknownOption {
  /** The error. */
  readonly "a target has no option of this name; leave it out": never;
}

/**
 * Where copies of requests go, and how. The path is the same as for the original. What the target
 * withholds is withheld from the mirror, too, unless its own `credentials` or `removeHeaders`
 * differ.
 */
export type MirrorTarget =
  | TargetPlace
  | Omit<TargetOptions, "removePrefix" | "rewriteLocation" | "secureCookies" | "mirror">;

/** Field names (RFC 9110 §5.1), or the beginning of one. */
const REMOVABLE = /^[\w!#$%&'+\-.^`|~]+\*?$/;

const pem = (what: string): Check => text(`${what} in PEM`);

/** The options with a default. */
type Optional =
  | "removePrefix"
  | "host"
  | "headers"
  | "rewriteLocation"
  | "rewriteOrigin"
  | "secureCookies"
  | "health";

/** The check of each option. */
export const TARGET_OPTIONS: Table<TargetOptions<AnyHandler>, Optional> = {
  target: () => {}, // by readUpstreams
  removePrefix: [flag, false],
  host: [
    is(
      (value) =>
        value === "<auto>" || value === null || typeof value === "string" && isAuthority(value),
      '"<auto>", null or a host such as "example.com:8000"',
    ),
    "<auto>",
  ],
  headers: [
    tableOf(
      (value, where) => typeof value === "string" || fail(where, value, "a string"),
      '"x-api-key": "…"',
    ),
    {},
  ],
  removeHeaders: listOf(
    text('a name such as "referer" or "x-internal-*"', REMOVABLE),
    '"x-internal-*"',
  ),
  credentials: flag, // by default as for the target that a mirror belongs to
  rewriteLocation: [flag, true],
  rewriteOrigin: [flag, false],
  secureCookies: [flag, true],
  mirror: like("one such as mirrorTo(url)", "shouldCopy", "copy"),
  tls: shape<TlsOptions>({
    ca: oneOrMore(pem("certificates of authorities")),
    cert: pem("a certificate"),
    key: pem("a private key"),
    rejectUnauthorized: flag,
    servername: text("the name in the certificate of the target"),
  }),
  socketPath: text("the path of a Unix socket"),
  http2: oneOf(true, false, "prior knowledge"),
  balance: is((value) => typeof value === "function", "one such as leastConnections()"),
  retry: like("one such as retries()", "begin", "wait"),
  health: [oneOrMore(isHealth), []],
  limit: like("one such as concurrency(100)", "enter"),
};

/** Options of other libraries, and what to do instead. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  changeOrigin: "leave it out: the host is that of the target",
  secure: "give tls: { rejectUnauthorized: false }",
  pathRewrite: "removePrefix",
};
