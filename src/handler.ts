/**
 * The algebra: a handler, a middleware, and how middlewares compose.
 *
 * @module
 */

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
export interface Middleware {
  /** Wraps `inner`. */
  <Args extends readonly unknown[]>(inner: Handler<Args>): Handler<Args>;
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
 *   console.log(request.url);
 *   return inner(request, ...args);
 * };
 * const app = compose(log)(notFound);
 * console.log((await app(new Request("http://localhost/"))).status); // 404
 * ```
 */
export function compose(...middlewares: readonly Middleware[]): Middleware {
  middlewares.forEach((middleware, index) => {
    if (typeof middleware !== "function") {
      throw new TypeError(
        `compose: argument ${index} is ${typeof middleware}; pass middlewares, such as dispatch({ … })`,
      );
    }
  });
  return (inner) => middlewares.reduceRight((wrapped, middleware) => middleware(wrapped), inner);
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
  return new Response(request.method === "HEAD" ? null : "Not Found", {
    status: 404,
    headers: { "content-type": "text/plain;charset=utf-8" },
  });
}
