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
