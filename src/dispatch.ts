/**
 * Passes requests to handlers by path prefix.
 *
 * ```ts
 * import { dispatch, notFound } from "@handwerk/handwerk";
 *
 * const app = dispatch({
 *   "/blog": () => new Response("the blog"),
 *   "/shop": () => new Response("the shop"),
 * })(notFound);
 * console.log(await (await app(new Request("http://localhost/blog/1"))).text()); // the blog
 * ```
 *
 * @module
 */
import { fail, flag, isRecord, type Options, readOptions } from "./config.ts";
import {
  type AnyHandler,
  type Fetcher,
  type Handler,
  type Middleware,
  type NeedsOf,
  type PathKeys,
  requireHandler,
  type SameNeeds,
} from "./handler.ts";
import { longestPrefix } from "./http/prefix_tree.ts";
import { descend, type Enter, enterOf, mountAware, wrapping } from "./mount.ts";

/** Handlers, or objects with a handler as their method `fetch`, by the path of their mount. */
export type Mounts<H extends AnyHandler | Fetcher = Handler | Fetcher> = Readonly<
  Record<`/${string}`, H>
>;

/** Options of {@linkcode dispatch}. */
export interface DispatchOptions {
  /**
   * Whether mounted handlers see `request.url` without the prefix. Set it to `false` for an app
   * that knows its own base path, or that needs the request object of its host.
   *
   * @default true
   */
  readonly removePrefix?: boolean;
}

const OPTIONS = { removePrefix: [flag, true] } satisfies Options<DispatchOptions>;

/**
 * Passes a request to the handler that is mounted on a prefix of its path, and all others to the
 * wrapped handler. The longest prefix wins. Prefixes match whole segments: `/app` matches `/app`
 * and `/app/x`, not `/apple`. Case matters. `"/"` matches every path.
 *
 * A mounted handler sees its URL without the mount, `/app/x?q` as `/x?q`, and can ask
 * {@linkcode mountOf} for the rest. Paths are compared in one canonical form: `/%61pp` is `/app`,
 * but `/app%2Fx` is one segment and not under `/app`.
 *
 * Responds with 400 if the URL has no valid host or path (RFC 9112 §3.2): a broken escape, a dot
 * segment, a backslash, or a `Host` header that is not valid.
 *
 * @param mounts Handlers, or objects with a method `fetch`, by path. One trailing slash does not
 * matter.
 * @param options See {@linkcode DispatchOptions}.
 * @returns A middleware. It takes the platform arguments that the mounted handlers need.
 * @throws {TypeError} If a path does not start with `/`, has a query, a fragment, a dot segment, an
 * empty segment or an escaped separator, or is given twice; if a handler is not a function; if an
 * option is not known.
 *
 * @example
 * ```ts
 * import { dispatch, notFound } from "@handwerk/handwerk";
 *
 * const api = (request: Request): Response => new Response(new URL(request.url).pathname);
 * const app = dispatch({ "/api": api })(notFound);
 * console.log(await (await app(new Request("http://localhost/api/users"))).text()); // /users
 * ```
 */
export function dispatch<M extends Mounts<AnyHandler | Fetcher>>(
  mounts: M & SameNeeds<M> & PathKeys<M>,
  options: DispatchOptions = {},
): Middleware<NeedsOf<M[keyof M]>> {
  if (!isRecord(mounts)) {
    fail("dispatch: mounts", mounts, 'one such as { "/blog": blog }');
  }
  const { removePrefix } = readOptions("dispatch", options, OPTIONS);
  const find = longestPrefix(
    "dispatch: the mount",
    Object.entries<AnyHandler | Fetcher>(mounts).map(checked),
  );
  return wrapping("dispatch", (passOn) =>
    mountAware((request, mount, args) => {
      const found = find(mount.canonical);
      if (!found) return passOn(request, mount, args);
      const there = found.end === 0 ? mount : descend(mount, found.end, removePrefix);
      return found.value(request, there, args);
    }));
}

function checked([path, handler]: [string, AnyHandler | Fetcher]): [string, Enter] {
  const where = `dispatch: the mount ${JSON.stringify(path)}`;
  // The type of the middleware guarantees the platform arguments.
  return [path, enterOf(requireHandler(where, handler))];
}
