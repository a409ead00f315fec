/**
 * A debugger: an error becomes a page with its frames, its source, and the request that failed. On
 * Node, {@linkcode liveFrames} adds the variables of each frame and a console in it.
 *
 * It is made for development: off unless the environment says so, and always off in production.
 *
 * ```ts
 * import { compose, dispatch, notFound } from "@handwerk/handwerk";
 * import { debug, liveFrames } from "@handwerk/handwerk/debug";
 *
 * const app = compose(
 *   debug({ live: liveFrames() }), // the outermost
 *   dispatch({ "/hello": () => new Response("hello") }),
 * )(notFound);
 * console.log((await app(new Request("http://localhost/"))).status); // 404
 * ```
 *
 * @module
 */
export type { CapturedFrame, FrameCapture, Scope } from "./types.ts";
export type { FrameKind } from "./classify.ts";
export { debug } from "./debug.ts";
export { liveFrames, type LiveFramesOptions } from "./live/live_frames.ts";
export type { RequestModel } from "./redact.ts";
export type { ErrorModel, FrameModel, Report } from "./model.ts";
export type { DebugOptions } from "./debug_options.ts";
export type { Excerpt } from "./sources.ts";
export type { Relation } from "./thrown.ts";
