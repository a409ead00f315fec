/**
 * Handlers, middlewares, and their composition.
 *
 * @module
 */
import { fail, shown } from "./config.ts";
import { textResponse } from "./host/make_response.ts";
import { isServiceBinding } from "./runtime.ts";

/**
 * Responds to a request. The platform arguments are what a host passes after the request: `env,
 * ctx` on Cloudflare Workers, `info` on Deno, `server` on Bun.
 *
 * @example
 * ```ts
 * import type { Handler } from "@handwerk/handwerk";
 *
 * const hello: Handler = (request) => new Response(`Hello from ${request.url}`);
 * ```
 */
export type Handler<Args extends readonly unknown[] = readonly []> = (
  request: Request,
  ...args: Args
) => Response | Promise<Response>;

/**
 * Wraps a handler and returns a handler that takes the same platform arguments. A middleware that
 * does not respond itself calls the handler that it wraps.
 *
 * `Needs` are the platform arguments that the middleware itself needs: none, unless it contains a
 * handler that takes some. The returned handler takes these and those of the wrapped handler.
 *
 * @example
 * ```ts
 * import type { Middleware } from "@handwerk/handwerk";
 *
 * const log: Middleware = (inner) => (request, ...args) => {
 *   console.log(request.method, request.url);
 *   return inner(request, ...args);
 * };
 * ```
 */
export interface Middleware<Needs extends readonly unknown[] = readonly []> {
  /** Wraps `inner`. */
  <Rest extends readonly unknown[]>(
    inner: Handler<readonly [...Needs, ...Rest]>,
  ): Handler<readonly [...Needs, ...Rest]>;
}

/**
 * A handler with any platform arguments, and with a narrower type of its request, such as
 * `ExportedHandlerFetchHandler` of Cloudflare Workers.
 */
export type AnyHandler = {
  handle(request: Request, ...args: never[]): Response | Promise<Response>;
}["handle"];

/** An object with a handler as its method `fetch`: an app of Hono or h3, a service binding. */
export interface Fetcher {
  /** Responds to a request. */
  fetch(request: Request, ...args: never[]): Response | Promise<Response>;
}

/** The platform arguments of a handler; none for an object whose `fetch` needs none. */
export type ArgsOf<H> = H extends (request: never, ...args: infer Args) => unknown ? Readonly<Args>
  : H extends { fetch(request: never, ...args: infer Args): unknown }
    ? [] extends Args ? readonly [] : Readonly<Args>
  : never;

/**
 * The platform arguments that all handlers of a table need: the longest tuple, if all others are
 * its beginning; else `never`. Give `H` alone; the other parameters are steps of the computation.
 */
export type NeedsOf<
  H,
  One = [H] extends [never] ? readonly [] : ArgsOf<H>,
  Other = One,
  Longest = One extends readonly unknown[] ? [
      Other extends readonly unknown[]
        ? One extends readonly [...Other, ...unknown[]] ? never : Other
        : never,
    ] extends [never] ? One
    : never
    : never,
> = // Tuples that differ only in the names of their members are the same type: the last one is used.
  (Longest extends unknown ? (give: () => Longest) => void : never) extends
    (give: infer All) => void
    ? All extends () => infer Last ? Last extends readonly unknown[] ? Last : never : never
    : never;

/**
 * Rejects handlers of one table that need different platform arguments, each where it is written.
 */
export type SameNeeds<T> = [NeedsOf<T[keyof T]>] extends [never] ? {
    readonly [K in keyof T]: [NeedsOf<T[K]>] extends [readonly []] ? unknown
      : DifferentPlatformArguments;
  }
  : unknown;

/** Rejects the keys of a table that are not paths, each where it is written. */
export type PathKeys<T> = {
  readonly [K in keyof T]: K extends `/${string}` ? unknown : string extends K ? unknown : NotAPath;
};

/** The type of no value: it marks a key that is not a path. */
export interface NotAPath {
  /** The error. */
  readonly 'the key must be a path, such as "/blog"': never;
}

/**
 * The type of no value: it marks a handler whose platform arguments differ from those of others.
 */
export interface DifferentPlatformArguments {
  /** The error. */
  readonly "these handlers need different platform arguments; give them the same": never;
}

/**
 * Composes middlewares into one. The first is the outermost and sees the request first:
 * `compose(a, b)(h)` is `a(b(h))`, and `compose()(h)` is `h`.
 *
 * @param middlewares From the outermost to the innermost.
 * @returns One middleware that wraps a handler in all of them.
 * @throws {TypeError} When a middleware is not a function.
 *
 * @example
 * ```ts
 * import { compose, type Middleware, notFound } from "@handwerk/handwerk";
 *
 * const log: Middleware = (inner) => (request, ...args) => {
 *   console.log(request.url); // http://localhost/
 *   return inner(request, ...args);
 * };
 * const app = compose(log)(notFound);
 * console.log((await app(new Request("http://localhost/"))).status); // 404
 * ```
 */
export function compose(...middlewares: readonly Middleware[]): Middleware;
/**
 * Composes middlewares that need platform arguments, such as `env` on Cloudflare Workers.
 *
 * @param middlewares From the outermost to the innermost.
 * @returns One middleware, which needs the platform arguments of all of them.
 * @throws {TypeError} When a middleware is not a function.
 *
 * @example
 * ```ts
 * import { compose, dispatch, notFound } from "@handwerk/handwerk";
 *
 * const greet = (_: Request, env: { name: string }): Response => new Response(env.name);
 * const app = compose(dispatch({ "/greet": greet }))(notFound);
 * const response = await app(new Request("http://localhost/greet"), { name: "you" });
 * console.log(await response.text()); // you
 * ```
 */
export function compose<Needs extends readonly unknown[]>(
  ...middlewares: readonly (Middleware<Needs> | Middleware)[]
): Middleware<Needs>;
export function compose(...middlewares: readonly Middleware[]): Middleware {
  middlewares.forEach((middleware, index) => {
    if (typeof middleware === "function") return;
    fail(`compose: argument ${index}`, middleware, "a middleware");
  });
  return asMiddleware((inner) => {
    const handler = requireHandler("compose: the innermost handler", inner) as typeof inner;
    return middlewares.reduceRight((wrapped, middleware, index) => {
      const made = middleware(wrapped);
      return typeof made === "function" ? made : fail(
        `compose: what argument ${index} made`,
        made,
        "a middleware; the handler comes last",
      );
    }, handler);
  });
}

/** Calls the wrapped handler, with the current request or with another one. */
export type Next = (request?: Request) => Promise<Response>;

/**
 * Makes a middleware from a function of the request and `next`. The function returns a response of
 * its own, or the one that `next()` resolves to, changed or not. Platform arguments are passed on.
 *
 * @param handle Called for each request. `next()` passes `request` on, `next(other)` another
 * request. `next` may be called more than once.
 * @returns The middleware.
 * @throws {TypeError} If `handle` is not a function. The handler rejects if `handle` does not
 * return a `Response`.
 *
 * @example
 * ```ts
 * import { compose, middleware, notFound } from "@handwerk/handwerk";
 *
 * const timing = middleware(async (request, next) => {
 *   const response = await next();
 *   console.log(request.method, response.status); // GET 404
 *   return response;
 * });
 * const app = compose(timing)(notFound);
 * await app(new Request("http://localhost/"));
 * ```
 */
export function middleware(
  handle: (request: Request, next: Next) => Response | Promise<Response>,
): Middleware {
  if (typeof handle !== "function") {
    fail("middleware: the function", handle, "one such as (request, next) => next()");
  }
  const wrap = (inner: unknown): Handler<readonly unknown[]> => {
    const handler = requireHandler("middleware: the wrapped handler", inner);
    return async (request, ...args) => {
      // On Bun, a handler returns `undefined` after `server.upgrade`. This may be passed on.
      let passed: unknown = handle;
      const next: Next = async (to = request) => {
        const response = await handler(to, ...args);
        passed = response;
        return response;
      };
      const response = await handle(request, next);
      return response === passed ? response : requireResponse("middleware: the function", response);
    };
  };
  return asMiddleware(wrap as Middleware);
}

/** Our middlewares, which must not be used as handlers. */
const middlewares = new WeakSet<object>();

/** Marks a middleware, so that it is rejected in the place of a handler. */
export function asMiddleware<Needs extends readonly unknown[] = readonly []>(
  middleware: Middleware<Needs>,
): Middleware<Needs> {
  middlewares.add(middleware);
  return middleware;
}

/**
 * Returns a handler, or the handler of an object with a method `fetch`.
 *
 * @param where The name of the value in errors: `serve: fetch`.
 * @throws {TypeError} If the value is not a handler, or is a middleware that wraps none yet.
 */
export function requireHandler(where: string, value: unknown): Handler<readonly unknown[]> {
  if (isFetcher(value)) {
    const fetch = value.fetch.bind(value) as Handler<readonly unknown[]>;
    // A binding would take the platform arguments for options of `fetch`.
    return isServiceBinding(value) ? (request) => fetch(request) : fetch;
  }
  if (typeof value !== "function") return fail(where, value, "a handler, such as notFound");
  if (!middlewares.has(value)) return value as Handler<readonly unknown[]>;
  throw new TypeError(`${where} is a middleware; give it a handler to wrap: middleware(notFound)`);
}

/**
 * Checks the value that a handler returned. If a handler forgets to return, some hosts send a
 * response all the same: Bun sends 200 and a page of its own.
 *
 * @param where The name of the handler in errors.
 * @throws {TypeError} If the value is not a response.
 */
export function requireResponse(where: string, value: unknown): Response {
  // Other implementations of `Response` are accepted.
  if (value instanceof Response || Object.prototype.toString.call(value) === "[object Response]") {
    return value as Response;
  }
  throw new TypeError(`${where} returned ${shown(value)}; return a Response`);
}

/** Whether a value has a handler as its method `fetch`. */
export function isFetcher(value: unknown): value is Fetcher {
  return typeof value === "object" && value !== null && "fetch" in value &&
    typeof value.fetch === "function";
}

/**
 * Responds to every request with `404 Not Found` as `text/plain` (RFC 9110 §15.5.5), without a body
 * to HEAD. The usual innermost handler.
 *
 * @param request The request to answer.
 * @returns The 404 response.
 *
 * @example
 * ```ts
 * import { notFound } from "@handwerk/handwerk";
 *
 * const response = notFound(new Request("http://localhost/nowhere"));
 * console.log(response.status); // 404
 * ```
 */
export function notFound(request: Request): Response {
  return textResponse(request, 404, "Not Found");
}
