/**
 * Where a request is: how far into its path the mounts have come, and how a handler is entered
 * there. Our own handlers hand this on as a value; a URL is rewritten only for a foreign handler.
 *
 * @module
 */
import { attached } from "./host/side_table.ts";
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
import { isUpgraded } from "./host/client_address.ts";
import { readTarget, type Target } from "./http/request_target.ts";
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
export interface Place extends Mount {
  /** `path` in the form that mounts are matched on. */
  readonly canonical: string;
  /** What `request.url` holds around its path. */
  readonly target: Target;
  /** How much of `base` the URL of the request at hand has already lost. */
  readonly hidden: number;
  /** Whether a foreign handler is to see a URL without the base; the innermost dispatch decides. */
  readonly rewrite: boolean;
}

/** Calls a handler at a place. */
export type Entrance<Args extends readonly unknown[] = readonly unknown[]> = (
  request: Request,
  place: Place,
  args: Args,
) => Response | Promise<Response>;

/** The places of requests that a foreign handler has been given. */
const places = attached<Request, Place>();
/** How to enter our own handlers without rewriting. */
const entrances = new WeakMap<Handler<never>, Entrance>();

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
  const place = places.get(request);
  if (place) return { base: place.base, path: place.path, original: nativeRequest(place.original) };
  const target = readTarget(request.url, null);
  return { base: "", path: target?.path ?? "", original: request };
}

/**
 * Makes a handler of ours: one that is told its place, and that other handlers of ours enter
 * without a rewritten URL.
 *
 * @param refuse Answers a request that asks for nothing that can be, with 400.
 */
export function placed<Args extends readonly unknown[]>(
  answer: Entrance<Args>,
  refuse: (request: Request) => Response | Promise<Response> = (request) =>
    textResponse(request, 400, "Bad Request"),
): Handler<Args> {
  const handler: Handler<Args> = (request, ...args) => {
    const place = placeOf(request);
    return place ? answer(request, place, args) : refuse(request);
  };
  entrances.set(handler, answer as Entrance);
  return handler;
}

/**
 * How to call a handler at a place. A foreign handler gets a request whose URL has lost the base,
 * or, where URLs are kept, the request at hand while `mountOf` tells the place.
 */
export function entrance<Args extends readonly unknown[]>(
  handler: Handler<Args>,
): Entrance<Args> {
  const own = entrances.get(handler);
  if (own) return own;
  // It is ours, too, and where it stands is all the same to it.
  if ((handler as unknown) === notFound) return notFound;
  const call: Entrance<Args> = (request, place, args) => {
    if (place.base.length === place.hidden) return handler(nativeRequest(request), ...args);
    if (!place.rewrite) return lend(handler, nativeRequest(request), place, args);
    return handler(rebase(request, place), ...args);
  };
  return (request, place, args) => {
    const response = call(request, place, args);
    if (response instanceof Response) return response;
    return Promise.resolve(response).then((settled) =>
      settled instanceof Response ? settled : unusual(settled, place, args)
    );
  };
}

/** Anything but a `Response` of the runtime: another implementation of it, or a mistake. */
function unusual(value: unknown, { base, original }: Place, args: readonly unknown[]): Response {
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
  wrap: (passOn: Entrance) => Handler<readonly unknown[]>,
): Middleware<Needs> {
  const middleware = (inner: Handler<readonly unknown[]>): Handler<readonly unknown[]> => {
    return wrap(entrance(requireHandler(`${name}: the wrapped handler`, inner)));
  };
  // What comes out takes what the wrapped handler takes, since it hands it on.
  return asMiddleware(middleware as unknown as Middleware<Needs>);
}

function placeOf(request: Request): Place | undefined {
  const known = typeof request === "object" && request && places.get(request);
  if (known) return known;
  if (!request?.headers) {
    fail("the request", request, "a Request");
  }
  const target = readTarget(request.url, request.headers.get("host"));
  return target && placeAt(request, target);
}

/** The place of a request that has come through no mount yet. */
export function placeAt(request: Request, target: Target): Place {
  const { path, canonical } = target;
  return { base: "", path, original: request, canonical, target, hidden: 0, rewrite: true };
}

/** The place behind the first `end` characters of the canonical path, a segment boundary. */
export function descend(place: Place, end: number, rewrite: boolean = place.rewrite): Place {
  const { base, path, canonical, original, target, hidden } = place;
  const cut = path === canonical ? end : sameBoundary(path, canonical, end);
  return {
    base: base + path.slice(0, cut),
    path: path.slice(cut),
    original,
    canonical: canonical.slice(end),
    target,
    hidden,
    rewrite,
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
function rebase(request: Request, place: Place): Request {
  const { origin, query } = place.target;
  const url = `${origin}/${place.path.replace(/^\/+/, "")}${query}`;
  const copy = nativeRequest(request, url);
  places.set(copy, { ...place, hidden: place.base.length });
  return copy;
}

/** Sets the request's place for as long as the handler answers. */
async function lend<Args extends readonly unknown[]>(
  handler: Handler<Args>,
  request: Request,
  place: Place,
  args: Args,
): Promise<Response> {
  const before = places.get(request);
  places.set(request, place);
  try {
    return await handler(request, ...args);
  } finally {
    places.set(request, before);
  }
}
