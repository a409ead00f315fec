/**
 * The parts of `request.url`, read without building a `URL`. Hosts may pass on what a client sent
 * without checking it.
 *
 * @module
 */
import { canonicalPath } from "./path.ts";

/** The parts of a request's URL. */
export interface RequestTarget {
  /** The scheme and the authority: `http://example.com:8000`. */
  readonly origin: string;
  /** The path as it was sent. */
  readonly path: string;
  /** The path in canonical form. */
  readonly canonical: string;
  /** The query with its question mark, or `""`. */
  readonly query: string;
  /** The path and the query as they were sent, where the URL parser spells them differently. */
  readonly sent?: string;
}

/**
 * RFC 3986 §3.2.2, as narrow as real hosts are: a registered name or an IPv4 address, or an IP
 * literal; no user information. Each part is one character class, so matching is linear.
 */
const AUTHORITY = /^(?:[A-Za-z0-9\-._~%]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?$/;

/** Origin, authority, path and query; each part ends at the first character of the next. */
const TARGET = /^(https?:\/\/([^/]*))(\/[^?#]*)(\?[^#]*)?/;

/** Whether `value` is a host with an optional port, as RFC 9110 §7.2 wants it in `Host`. */
export function isAuthority(value: string): boolean {
  const match = AUTHORITY.exec(value);
  return match !== null && Number(match[1] ?? 0) <= 65535;
}

/**
 * Splits the URL of a request. Returns `undefined`, for a 400, if it is not an absolute http(s) URL
 * with a valid host and path, or if the `Host` header is not valid. Some hosts paste `Host` into
 * the URL, so that `Host: good/evil` would put `/evil` in front of the path (RFC 9112 §3.2).
 *
 * @param url The URL of the request.
 * @param host Its `Host` field, if it has one.
 */
export function parseRequestTarget(url: string, host: string | null): RequestTarget | undefined {
  const [, origin = "", authority = "", path = "", query = ""] = TARGET.exec(url) ?? [];
  if (!isAuthority(authority)) return undefined;
  if (host !== null && host !== authority && !isAuthority(host)) return undefined;
  const canonical = canonicalPath(path);
  return canonical === undefined ? undefined : { origin, path, canonical, query };
}
