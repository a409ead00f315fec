/**
 * The URL of a request to a target.
 *
 * @module
 */
import { spell } from "../transport/transport.ts";

/**
 * Sees to it that a transport sends the path and the query of a URL as the client has sent them
 * (RFC 9110 §7.7), and not as the URL parser spells them.
 *
 * @param path The part of the client's path that `url` ends with.
 * @param sent The path and the query as the client has sent them.
 */
export function keepSpelling(url: URL, target: URL, path: string, sent: string): void {
  const end = sent.search(/\?|$/);
  let at = end;
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    at = sent.lastIndexOf("/", at - 1);
  }
  const spelt = (path === "" ? target.pathname : basePath(target)) + sent.slice(at);
  // It is the same URL, or it is not sent.
  if (at >= 0 && URL.parse(target.origin + spelt)?.href === url.href) spell(url, spelt);
}

/** The path without the slash at its end. */
export function basePath({ pathname }: URL): string {
  return pathname.endsWith("/") ? pathname.slice(0, -1) : pathname;
}

/**
 * The URL to send a request to, or `undefined` when the path would leave the target. What a client
 * sent stands behind the target's origin and begins with a slash, so that it cannot reach into the
 * authority: `//evil.com` and `/@evil.com` are paths. That the origin is the target's is checked
 * nevertheless.
 *
 * @param path What to append to the target's path: `""`, or a path with its leading slash.
 * @param query The query with its question mark, or `""`.
 */
export function targetUrl(target: URL, path: string, query: string): URL | undefined {
  const { origin } = target;
  if (path === "") return URL.parse(origin + target.pathname + query) ?? undefined;
  if (!path.startsWith("/") || /[?#]/.test(path)) return undefined;
  const base = basePath(target);
  const url = URL.parse(origin + base + path + query);
  if (url?.origin !== origin) return undefined;
  const { pathname } = url;
  return pathname === base || pathname.startsWith(`${base}/`) ? url : undefined;
}
