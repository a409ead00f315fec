/**
 * A debugger: an error becomes a page with its frames, its source, and the request that failed. On
 * Node, `live` adds the variables of each frame and a console in it.
 *
 * It is made for development: off unless the environment is `development`, and always off in
 * production.
 *
 * ```ts
 * import { compose, dispatch, notFound } from "@handwerk/handwerk";
 * import { debug } from "@handwerk/handwerk/debug";
 *
 * const app = compose(
 *   debug({ live: true }), // the outermost
 *   dispatch({ "/hello": () => new Response("hello") }),
 * )(notFound);
 * console.log((await app(new Request("http://localhost/"))).status); // 404
 * ```
 *
 * @module
 */
export { debug } from "./debug.ts";
export type { DebugOptions } from "./debug_options.ts";
export type {
  ErrorModel,
  Excerpt,
  FrameKind,
  FrameModel,
  Relation,
  Report,
  RequestModel,
} from "./types.ts";
