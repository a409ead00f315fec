/**
 * Where a handler is mounted, and how it is called there. Our own handlers pass the mount on as a
 * value. The URL is rewritten only for a foreign handler.
 *
 * @module
 */
import { sideTable } from "./host/side_table.ts";
import { fail } from "./config.ts";
import {
  asMiddleware,
  type Handler,
  type Middleware,
  notFound,
  requireHandler,
  requireResponse,
} from "./handler.ts";
import { segmentEnd } from "./http/path.ts";
import { nativeRequest } from "./host/host_request.ts";
import { isUpgraded } from "./runtime.ts";
import { parseRequestTarget, type RequestTarget } from "./http/request_target.ts";
import { textResponse } from "./host/make_response.ts";

/** Where a handler is mounted; see {@linkcode mountOf}. */
export interface Mount {
  /** The part of the path that belongs to the mounts: `""` or `/docs`. It never ends in `/`. */
  readonly base: string;
  /** The rest of the path: `""`, or with a leading slash. `base + path` is the whole path. */
  readonly path: string;
  /** The request as the host passed it; Bun's `server.upgrade` and `requestIP` need this one. */
  readonly original: Request;
}

/** A mount, and what our own handlers need to mount others below it. Immutable. */
export interface MountState extends Mount {
  /** `path` in canonical form. */
  readonly canonical: string;
  /** The parts of the URL of the original request. */
  readonly target: RequestTarget;
  /** The length of the part of `base` that `request.url` no longer has. */
  readonly strippedLength: number;
  /** Whether foreign handlers see a URL without the base. The innermost `dispatch` decides. */
  readonly removePrefix: boolean;
}

/** Calls a handler at a mount. */
export type Enter<Args extends readonly unknown[] = readonly unknown[]> = (
  request: Request,
  mount: MountState,
  args: Args,
) => Response | Promise<Response>;

/** The mounts of requests that were passed to foreign handlers. */
const mountStates = sideTable<Request, MountState>();
/** How to call our own handlers without rewriting the URL. */
const enterFunctions = new WeakMap<Handler<never>, Enter>();

/**
 * Returns where the handler that received `request` is mounted. Call it before the first `await`.
 * The base is `""` for a request that came through no mount, and for a copy, such as
 * `request.clone()`.
 *
 * @param request The request as the handler received it.
 * @returns The mount: `base + path` is the path that the client asked for.
 *
 * @example
 * ```ts
 * import { dispatch, mountOf, notFound } from "@handwerk/handwerk";
 *
 * const docs = (request: Request): Response => {
 *   const { base, path } = mountOf(request);
 *   return new Response(`${base} ${path}`);
 * };
 * const app = dispatch({ "/docs": docs })(notFound);
 * const response = await app(new Request("http://localhost/docs/intro"));
 * console.log(await response.text()); // /docs /intro
 * ```
 */
export function mountOf(request: Request): Mount {
  const mount = mountStates.get(request);
  if (mount) return { base: mount.base, path: mount.path, original: nativeRequest(mount.original) };
  const target = parseRequestTarget(request.url, null);
  return { base: "", path: target?.path ?? "", original: request };
}

/**
 * Makes a handler that gets its mount. Our own handlers call it without rewriting the URL.
 *
 * @param refuse Responds to a request whose URL is not valid; by default with 400.
 */
export function mountAware<Args extends readonly unknown[]>(
  answer: Enter<Args>,
  refuse: (request: Request) => Response | Promise<Response> = (request) =>
    textResponse(request, 400, "Bad Request"),
): Handler<Args> {
  const handler: Handler<Args> = (request, ...args) => {
    const mount = mountStateOf(request);
    return mount ? answer(request, mount, args) : refuse(request);
  };
  enterFunctions.set(handler, answer as Enter);
  return handler;
}

/**
 * How to call a handler at a mount. A foreign handler gets a request whose URL has no base. With
 * `removePrefix: false` it gets the request itself, and `mountOf` returns the mount.
 */
export function enterOf<Args extends readonly unknown[]>(
  handler: Handler<Args>,
): Enter<Args> {
  const own = enterFunctions.get(handler);
  if (own) return own;
  // One of ours, too: the mount does not matter to it.
  if ((handler as unknown) === notFound) return notFound;
  const call: Enter<Args> = (request, mount, args) => {
    if (mount.base.length === mount.strippedLength) return handler(nativeRequest(request), ...args);
    if (!mount.removePrefix) return withMount(handler, nativeRequest(request), mount, args);
    return handler(stripBase(request, mount), ...args);
  };
  return (request, mount, args) => {
    const response = call(request, mount, args);
    if (response instanceof Response) return response;
    return Promise.resolve(response).then((settled) =>
      settled instanceof Response ? settled : unusual(settled, mount, args)
    );
  };
}

/** A value other than a `Response` of the runtime: another implementation, or a mistake. */
function unusual(
  value: unknown,
  { base, original }: MountState,
  args: readonly unknown[],
): Response {
  if (value === undefined && isUpgraded(original, args)) return value as unknown as Response;
  return requireResponse(base === "" ? "the handler" : `the handler at ${base}`, value);
}

/**
 * Makes a middleware of ours.
 *
 * @param name The name of the middleware, for errors: `serveStatic`.
 * @param wrap Makes the handler; `passOn` calls the wrapped one.
 */
export function wrapping<Needs extends readonly unknown[]>(
  name: string,
  wrap: (passOn: Enter) => Handler<readonly unknown[]>,
): Middleware<Needs> {
  const middleware = (inner: Handler<readonly unknown[]>): Handler<readonly unknown[]> => {
    return wrap(enterOf(requireHandler(`${name}: the wrapped handler`, inner)));
  };
  // The platform arguments are passed on, so the handler takes those of the wrapped one.
  return asMiddleware(middleware as unknown as Middleware<Needs>);
}

function mountStateOf(request: Request): MountState | undefined {
  const known = typeof request === "object" && request && mountStates.get(request);
  if (known) return known;
  if (!request?.headers) {
    fail("the request", request, "a Request");
  }
  const target = parseRequestTarget(request.url, request.headers.get("host"));
  return target && initialMount(request, target);
}

/** The mount of a request that has come through no mount yet. */
export function initialMount(request: Request, target: RequestTarget): MountState {
  const { path, canonical } = target;
  return {
    base: "",
    path,
    original: request,
    canonical,
    target,
    strippedLength: 0,
    removePrefix: true,
  };
}

/** The mount after the first `end` characters of the canonical path, which end a segment. */
export function descend(
  mount: MountState,
  end: number,
  removePrefix: boolean = mount.removePrefix,
): MountState {
  const { base, path, canonical, original, target, strippedLength: hidden } = mount;
  const cut = path === canonical ? end : sameBoundary(path, canonical, end);
  return {
    base: base + path.slice(0, cut),
    path: path.slice(cut),
    original,
    canonical: canonical.slice(end),
    target,
    strippedLength: hidden,
    removePrefix,
  };
}

/** Both spellings of a path have the same segments, so the segments are counted. */
function sameBoundary(path: string, canonical: string, end: number): number {
  let cut = 0;
  for (let at = 0; at < end; at = segmentEnd(canonical, at)) cut = segmentEnd(path, cut);
  return cut;
}

/**
 * A request whose URL has no base. Leading slashes become one: `/docs//evil.com` must not reach an
 * app as `//evil.com`, which the app might return as a `Location`.
 */
function stripBase(request: Request, mount: MountState): Request {
  const { origin, query } = mount.target;
  const url = `${origin}/${mount.path.replace(/^\/+/, "")}${query}`;
  const copy = nativeRequest(request, url);
  mountStates.set(copy, { ...mount, strippedLength: mount.base.length });
  return copy;
}

/** Calls the handler, and sets the mount of the request until the handler has responded. */
async function withMount<Args extends readonly unknown[]>(
  handler: Handler<Args>,
  request: Request,
  mount: MountState,
  args: Args,
): Promise<Response> {
  const before = mountStates.get(request);
  mountStates.set(request, mount);
  try {
    return await handler(request, ...args);
  } finally {
    mountStates.set(request, before);
  }
}
