/**
 * Sources of {@linkcode https://jsr.io/@handwerk/handwerk | serveStatic} on Cloudflare Workers: static
 * assets, an R2 bucket, a KV namespace.
 *
 * ```ts
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 * import { assets, type AssetsLike } from "@handwerk/handwerk/workers";
 *
 * interface Env {
 *   readonly ASSETS: AssetsLike;
 * }
 * const app = serveStatic((env: Env) => assets(env.ASSETS))(notFound);
 * const env = { ASSETS: { fetch: () => Promise.resolve(new Response(null, { status: 404 })) } };
 * console.log((await app(new Request("http://localhost/"), env)).status); // 404
 * ```
 *
 * @module
 */
export {
  assets,
  type AssetsLike,
  bucket,
  keyValue,
  type KVNamespaceLike,
  type R2BucketLike,
  type R2ObjectLike,
} from "./static/sources/workers_storage.ts";
export type { ByteRange } from "./http/ranges.ts";
export type { Content, Entry, Found, LinkedDirectory, Listed, Source } from "./static/source.ts";
