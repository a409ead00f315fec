/**
 * Fetch-API handler combinators that nest in any order.
 *
 * @module
 */
export { dispatch, type DispatchOptions, type Mounts } from "./dispatch.ts";
export { easterEgg } from "./easter_egg.ts";
export { compose, type Handler, type Middleware, type NeedsOf, notFound } from "./handler.ts";
export { type Mount, mountOf } from "./mount.ts";
export * from "./static/mod.ts";
export * from "./proxy/mod.ts";
