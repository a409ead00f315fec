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
export { directory } from "./directory.ts";
export { type Exports, serveStatic, type ServeStaticOptions } from "./serve_static.ts";
export type { Content, Entry, Source } from "./source.ts";
