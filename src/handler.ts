/**
 * The algebra: a handler, a middleware, and how middlewares compose.
 *
 * @module
 */
import { fail, shown } from "./config.ts";
import { textResponse } from "./host/text_response.ts";
import { isServiceBinding } from "./runtime.ts";

/**
 * Answers a request. What a host passes after the request (`env, ctx` on Cloudflare Workers, `info`
 * on Deno, `server` on Bun) are the handler's platform arguments.
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
 * does not answer calls the handler it wraps.
 *
 * `Needs` are the platform arguments that the middleware itself needs: none, unless a handler in it
 * takes some. The handler that comes out takes these and those of the wrapped handler.
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
 * A handler of any kind, as tables take them: it may need any platform arguments, and know more of
 * its request, as `ExportedHandlerFetchHandler` of Cloudflare Workers does.
 */
export type AnyHandler = {
  handle(request: Request, ...args: never[]): Response | Promise<Response>;
}["handle"];

/** What has a handler as its method `fetch`: an app of Hono or h3, a service binding of Workers. */
export interface Fetcher {
  /** Answers a request. */
  fetch(request: Request, ...args: never[]): Response | Promise<Response>;
}

/** The platform arguments of a handler. An app or a binding can do without those that are optional. */
export type ArgsOf<H> = H extends (request: never, ...args: infer Args) => unknown ? Readonly<Args>
  : H extends { fetch(request: never, ...args: infer Args): unknown }
    ? [] extends Args ? readonly [] : Readonly<Args>
  : never;

/**
 * The platform arguments that the handlers in one table need: the tuple that begins with every other
 * one, or `never` where there is none. Only `H` is to be given; the others are its steps.
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
> = // Tuples that differ in the names of their members alone are the same; the last is taken.
  (Longest extends unknown ? (give: () => Longest) => void : never) extends
    (give: infer All) => void
    ? All extends () => infer Last ? Last extends readonly unknown[] ? Last : never : never
    : never;

/** Takes handlers in one table that need different platform arguments for an error, each of them. */
export type SameNeeds<T> = [NeedsOf<T[keyof T]>] extends [never] ? {
    readonly [K in keyof T]: [NeedsOf<T[K]>] extends [readonly []] ? unknown
      : DifferentPlatformArguments;
  }
  : unknown;

/** What no handler is. */
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
 * @returns One middleware that needs what each of them needs.
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

/** Passes a request on to the wrapped handler: the one at hand, or the one that is given. */
export type Next = (request?: Request) => Promise<Response>;

/**
 * Makes a middleware of a function that gets the request and `next`. It answers itself, or returns
 * what `next` gives, changed or not. The platform arguments are passed on behind its back.
 *
 * @param handle Called for each request. Without an argument, `next()` passes `request` itself on;
 * `next` may be called more than once.
 * @returns The middleware.
 * @throws {TypeError} When `handle` is not a function. For a request, when `handle` returns no
 * `Response`.
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
      // Bun's handlers return nothing after `server.upgrade`: what `next` gave may be returned.
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

/** Functions that are known to be middlewares, which no host can call. */
const middlewares = new WeakSet<object>();

/** Makes a middleware known, so that it is refused where a handler is wanted. */
export function asMiddleware<Needs extends readonly unknown[] = readonly []>(
  middleware: Middleware<Needs>,
): Middleware<Needs> {
  middlewares.add(middleware);
  return middleware;
}

/**
 * Checks what is to be a handler, or has one.
 *
 * @param where What it is called in errors: `serve: fetch`.
 * @throws {TypeError} When it is none, or a middleware that was not given its handler.
 */
export function requireHandler(where: string, value: unknown): Handler<readonly unknown[]> {
  if (isFetcher(value)) {
    const fetch = value.fetch.bind(value) as Handler<readonly unknown[]>;
    // What a binding is given after the request is taken for options of `fetch`.
    return isServiceBinding(value) ? (request) => fetch(request) : fetch;
  }
  if (typeof value !== "function") return fail(where, value, "a handler, such as notFound");
  if (!middlewares.has(value)) return value as Handler<readonly unknown[]>;
  throw new TypeError(`${where} is a middleware; give it a handler to wrap: middleware(notFound)`);
}

/**
 * Checks what a handler answered with. Some hosts take a handler that forgot to return anything for
 * one that answers, Bun even with 200 and a page of its own.
 *
 * @param where What the handler is called in errors.
 * @throws {TypeError} When it is no response.
 */
export function requireResponse(where: string, value: unknown): Response {
  // Another implementation of `Response` will do.
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
 * Answers every request with `404 Not Found` as `text/plain` (RFC 9110 §15.5.5), to HEAD without
 * content. The usual innermost handler.
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
