/**
 * The URL of a request to a target.
 *
 * @module
 */

/** The path without the slash at its end. */
export function basePath({ pathname }: URL): string {
  return pathname.endsWith("/") ? pathname.slice(0, -1) : pathname;
}

/**
 * The URL to send a request to, or `undefined` when the path would leave the target. The URL is
 * made by setting parts of the target's, never by parsing what a client sent, so that the origin
 * cannot change: `//evil.com` and `@evil.com` are paths.
 *
 * @param path What to append to the target's path: `""`, or a path with its leading slash.
 * @param query The query with its question mark, or `""`.
 */
export function targetUrl(target: URL, path: string, query: string): URL | undefined {
  const url = new URL(target);
  const base = basePath(target);
  if (path !== "") url.pathname = base + path;
  if (query !== "") url.search = query;
  const inside = url.pathname === base || url.pathname.startsWith(`${base}/`);
  return url.origin === target.origin && (inside || path === "") ? url : undefined;
}
