/**
 * Hands requests to handlers by the beginning of their path.
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
import { checkOptions, type Checks, fail, flag, isRecord } from "./config.ts";
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

/** Handlers, and what has one as its method `fetch`, by the path they are mounted on. */
export type Mounts<H extends AnyHandler | Fetcher = Handler | Fetcher> = Readonly<
  Record<`/${string}`, H>
>;

/** Options of {@linkcode dispatch}. */
export interface DispatchOptions {
  /**
   * Whether a mounted handler sees `request.url` without its mount. Set it to `false` for an app
   * that knows its own base path, or that needs the very request its host passed. Default `true`.
   */
  readonly removePrefix?: boolean;
}

const OPTIONS: Checks<DispatchOptions> = { removePrefix: flag };

/**
 * Hands a request to the handler mounted on the beginning of its path, and to the wrapped handler
 * when there is none. The longest mount wins. A mount ends where a segment ends: `/app` takes
 * `/app` and `/app/x`, not `/apple`. Case matters. `"/"` takes what no other mount takes.
 *
 * A mounted handler sees its URL without the mount, `/app/x?q` as `/x?q`, and can ask
 * {@linkcode mountOf} for the rest. Paths are compared in one canonical form: `/%61pp` is `/app`,
 * but `/app%2Fx` is one segment and not under `/app`.
 *
 * Answers 400 when the request's URL has no valid host or path (RFC 9112 §3.2): a broken escape, a
 * dot segment, a backslash, a `Host` field that is none.
 *
 * @param mounts Handlers, or what has one as its method `fetch`, by path; one trailing slash does not
 * matter.
 * @param options See {@linkcode DispatchOptions}.
 * @returns A middleware. When mounted handlers take platform arguments, so does what it returns.
 * @throws {TypeError} When a path does not start with `/`, has a query, a fragment, a dot segment,
 * an empty segment or an escaped separator, is given twice, when a handler is not a function, or an
 * option is none.
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
  checkOptions("dispatch", options, OPTIONS);
  const { removePrefix = true } = options;
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
  // The type of the middleware has made sure that the arguments are those it needs.
  return [path, enterOf(requireHandler(where, handler))];
}
