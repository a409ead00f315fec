/**
 * Fetch-API handler combinators. A handler is a function from a `Request` to a `Response`; a
 * middleware is a function from a handler to a handler. Static files, a streaming reverse proxy,
 * prefix dispatch and a debugger nest in any order, and run unchanged on Node, Deno, Bun and
 * Cloudflare Workers.
 *
 * ```ts
 * import { compose, dispatch, notFound, proxy, serveStatic } from "@handwerk/handwerk";
 *
 * const blog = () => new Response("the blog");
 * const shop = () => new Response("the shop");
 *
 * const app = compose( // the first sees the request first
 *   serveStatic({ "/shared": "./src" }), // what it does not have, it passes on
 *   proxy({ "/api": "http://127.0.0.1:5001/" }),
 *   dispatch({ "/blog": blog, "/shop": shop }),
 * )(notFound);
 *
 * const response = await app(new Request("http://localhost/blog/2026"));
 * console.log(await response.text()); // the blog
 * ```
 *
 * `Deno.serve(app)`, `Bun.serve({ fetch: app })` and, on Workers, `export default { fetch: app }`
 * serve it; on Node, `serve({ fetch: app })` of `@handwerk/handwerk/node` does. What most apps use is
 * here. The rest has entries of its own: `@handwerk/handwerk/static` (more sources and header hooks),
 * `/proxy`, `/upstreams` (load balancing, health, retries), `/debug`, `/node`, `/bun`, `/workers`.
 *
 * - {@linkcode compose}, {@linkcode middleware}, {@linkcode notFound}: handlers and middlewares
 * - {@linkcode dispatch}, {@linkcode mountOf}: handlers by the beginning of the path
 * - {@linkcode serveStatic}: files, from a {@linkcode directory}, {@linkcode memory} and other
 *   sources
 * - {@linkcode proxy}, {@linkcode proxyTo}: requests forwarded to upstreams
 *
 * @module
 */
export { dispatch, type DispatchOptions, type Mounts } from "./dispatch.ts";
export { easterEgg } from "./easter_egg.ts";
export {
  type AnyHandler,
  type ArgsOf,
  compose,
  type DifferentPlatformArguments,
  type Handler,
  type Middleware,
  middleware,
  type NeedsOf,
  type Next,
  type NotAPath,
  notFound,
  type PathKeys,
  type SameNeeds,
} from "./handler.ts";
export { type Mount, mountOf } from "./mount.ts";
export { proxy, proxyTo } from "./proxy/mod.ts";
export type {
  AnyTarget,
  AttemptEvent,
  Balancer,
  Capability,
  Connection,
  CookieScope,
  FailedAttempt,
  Fetcher,
  Field,
  HandlerIn,
  Health,
  IncomingResponse,
  KnownOptions,
  KnownTargets,
  Limit,
  Mirror,
  MirrorTarget,
  OutgoingRequest,
  ProxyNeeds,
  ProxyOptions,
  Retry,
  SelectionContext,
  SendCopy,
  TargetNeeds,
  TargetOptions,
  TargetPlace,
  Targets,
  Timeouts,
  TlsOptions,
  Transport,
  Tunnel,
  UnknownOption,
  Upstream,
  UpstreamList,
  WeightedUrl,
} from "./proxy/mod.ts";
export { directory, memory, overlay, serveStatic } from "./static/mod.ts";
export type {
  ByteRange,
  Cache,
  Coding,
  Content,
  Dictionaries,
  DictionaryUse,
  DirectoryOptions,
  Entry,
  Exported,
  ExportNeeds,
  Exports,
  Found,
  HandlerFor,
  HeadersHook,
  LinkedDirectory,
  Listed,
  MemoryCacheOptions,
  MemoryContent,
  MemoryFile,
  PackageFolder,
  SameExportNeeds,
  Served,
  ServeStaticOptions,
  Serving,
  Source,
  SourceOf,
  Stored,
} from "./static/mod.ts";
