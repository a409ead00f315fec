/**
 * Serves files from directories and other sources.
 *
 * ```ts
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 *
 * const app = serveStatic({ "/shared": "./src" })(notFound);
 * console.log((await app(new Request("http://localhost/shared/mod.ts"))).status); // 200
 * ```
 *
 * @module
 */
export type { ByteRange } from "../http/ranges.ts";
export type { Cache } from "./cache.ts";
export { directory, type DirectoryOptions } from "./directory.ts";
export type { Exports } from "./exports.ts";
export type { ServeStaticOptions } from "./options.ts";
export { serveStatic } from "./serve_static.ts";
export type { Content, Entry, Found, Source } from "./source.ts";
export type { Coding } from "./variants.ts";
