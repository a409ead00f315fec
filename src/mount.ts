/**
 * Where a request is: how far into its path the mounts have come, and how a handler is entered
 * there. Our own handlers hand this on as a value; a URL is rewritten only for a foreign handler.
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
import { textResponse } from "./host/text_response.ts";

/** Where a handler is mounted, as `mountOf` tells it. */
export interface Mount {
  /** The part of the path that the mounts took: `""` or `/docs`; never ends in `/`. */
  readonly base: string;
  /** The rest, which `base + path` makes whole: `""` or with a leading slash. */
  readonly path: string;
  /** The request as the host passed it; Bun's `server.upgrade` and `requestIP` need this one. */
  readonly original: Request;
}

/** A mount, and what our own handlers need to go on from it. Immutable. */
export interface MountState extends Mount {
  /** `path` in the form that mounts are matched on. */
  readonly canonical: string;
  /** What `request.url` holds around its path. */
  readonly target: RequestTarget;
  /** How much of `base` the URL of the request at hand has already lost. */
  readonly strippedLength: number;
  /** Whether a foreign handler is to see a URL without the base; the innermost dispatch decides. */
  readonly removePrefix: boolean;
}

/** Calls a handler at a place. */
export type Enter<Args extends readonly unknown[] = readonly unknown[]> = (
  request: Request,
  mount: MountState,
  args: Args,
) => Response | Promise<Response>;

/** The places of requests that a foreign handler has been given. */
const mountStates = sideTable<Request, MountState>();
/** How to enter our own handlers without rewriting. */
const enterFunctions = new WeakMap<Handler<never>, Enter>();

/**
 * Tells where the handler that received `request` is mounted. Read it before the first `await`. A
 * request that did not come through a mount is at base `""`; so is a copy of a request, such as
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
 * Makes a handler of ours: one that is told its place, and that other handlers of ours enter
 * without a rewritten URL.
 *
 * @param refuse Answers a request that asks for nothing that can be, with 400.
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
 * How to call a handler at a place. A foreign handler gets a request whose URL has lost the base,
 * or, where URLs are kept, the request at hand while `mountOf` tells the place.
 */
export function enterOf<Args extends readonly unknown[]>(
  handler: Handler<Args>,
): Enter<Args> {
  const own = enterFunctions.get(handler);
  if (own) return own;
  // It is ours, too, and where it stands is all the same to it.
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

/** Anything but a `Response` of the runtime: another implementation of it, or a mistake. */
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
 * @param name What it is called in errors: `serveStatic`.
 * @param wrap Makes the handler, given how to enter the one that is wrapped.
 */
export function wrapping<Needs extends readonly unknown[]>(
  name: string,
  wrap: (passOn: Enter) => Handler<readonly unknown[]>,
): Middleware<Needs> {
  const middleware = (inner: Handler<readonly unknown[]>): Handler<readonly unknown[]> => {
    return wrap(enterOf(requireHandler(`${name}: the wrapped handler`, inner)));
  };
  // What comes out takes what the wrapped handler takes, since it hands it on.
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

/** The place of a request that has come through no mount yet. */
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

/** The place behind the first `end` characters of the canonical path, a segment boundary. */
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

/** Both spellings of a path have the same segments, so boundaries are counted in slashes. */
function sameBoundary(path: string, canonical: string, end: number): number {
  let cut = 0;
  for (let at = 0; at < end; at = segmentEnd(canonical, at)) cut = segmentEnd(path, cut);
  return cut;
}

/**
 * A request whose URL has lost the base. A run of leading slashes becomes one: `/docs//evil.com`
 * must not reach an app as `//evil.com`, which it might send back as a `Location`.
 */
function stripBase(request: Request, mount: MountState): Request {
  const { origin, query } = mount.target;
  const url = `${origin}/${mount.path.replace(/^\/+/, "")}${query}`;
  const copy = nativeRequest(request, url);
  mountStates.set(copy, { ...mount, strippedLength: mount.base.length });
  return copy;
}

/** Sets the request's place for as long as the handler answers. */
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
