/**
 * A target: its configuration, and the URL of a request to it.
 *
 * @module
 */
import { type Field, isHopByHop } from "../http/connection.ts";
import { isAuthority } from "../http/target.ts";
import type { Transport } from "./transport.ts";

/** Where to send the requests under a prefix, and how. */
export interface TargetOptions {
  /** The URL of the upstream, `http:` or `https:`; the request's path is appended to its path. */
  readonly target: string | URL;
  /** Whether the prefix is taken off the path before it is appended. Default `false`. */
  readonly removePrefix?: boolean;
  /**
   * The `Host` field of the forwarded request: `"<auto>"` for the host of the target, `null` for
   * the one that the client sent, or a value. Only `"<auto>"` on Cloudflare Workers. Default
   * `"<auto>"`.
   */
  readonly host?: string | null;
  /** Fields to set on the forwarded request, in place of the client's. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A checked target. */
export interface Target {
  readonly url: URL;
  readonly removePrefix: boolean;
  readonly host: string | null;
  readonly headers: readonly Field[];
}

/** Fields that have an option of their own, or that describe what is sent. */
const RESERVED = new Map([
  ["host", "use the option host"],
  ["content-length", "it is the length of what the client sends"],
  ["expect", "the host has answered it"],
]);

/**
 * Checks what was configured for a prefix.
 *
 * @throws {TypeError} Naming the prefix, the option and the remedy.
 */
export function readTarget(
  prefix: string,
  value: string | URL | TargetOptions,
  transport: Transport,
): Target {
  const refuse = (why: string): never => {
    throw new TypeError(`proxy: the target of ${JSON.stringify(prefix)}${why}`);
  };
  const options = typeof value === "string" || value instanceof URL ? { target: value } : value;
  const url = URL.parse(String(options?.target)) ?? refuse(
    ` is ${JSON.stringify(String(options?.target))}; give a URL such as "http://127.0.0.1:5001/"`,
  );
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    refuse(" must be an http or https URL");
  }
  if (url.search || url.hash) refuse(" must not have a query or a fragment");
  if (url.username || url.password) {
    refuse(" must not hold credentials; set headers: { authorization: … }");
  }
  const { host = "<auto>", removePrefix = false } = options;
  if (typeof removePrefix !== "boolean") refuse(": removePrefix must be true or false");
  if (host !== "<auto>" && !transport.capabilities.has("host")) {
    refuse(': host must be "<auto>"; this runtime always sends the host of the target');
  }
  if (host !== "<auto>" && host !== null && !(typeof host === "string" && isAuthority(host))) {
    refuse(': host must be "<auto>", null, or a host such as "example.com:8000"');
  }
  return {
    url,
    removePrefix,
    host: host === "<auto>" ? url.host : host,
    headers: readHeaders(options.headers ?? {}, refuse),
  };
}

function readHeaders(
  headers: Readonly<Record<string, string>>,
  refuse: (why: string) => never,
): readonly Field[] {
  for (const name of Object.keys(headers)) {
    const why = isHopByHop(name)
      ? "it belongs to the connection"
      : RESERVED.get(name.toLowerCase());
    if (why) refuse(`: headers must not set ${name}; ${why}`);
  }
  try {
    return [...new Headers(headers)];
  } catch (error) {
    return refuse(`: headers cannot be sent: ${String(error)}`);
  }
}

/**
 * The URL to send a request to, or `undefined` when the path would leave the target. The URL is
 * made by setting parts of the target's, never by parsing what a client sent, so that the origin
 * cannot change: `//evil.com` and `@evil.com` are paths.
 *
 * @param path What to append to the target's path: `""`, or a path with its leading slash.
 * @param query The query with its question mark, or `""`.
 */
export function targetUrl(target: Target, path: string, query: string): URL | undefined {
  const url = new URL(target.url);
  const base = url.pathname.endsWith("/") ? url.pathname.slice(0, -1) : url.pathname;
  if (path !== "") url.pathname = base + path;
  url.search = query;
  const stays = url.origin === target.url.origin && url.pathname.startsWith(base);
  return stays ? url : undefined;
}
