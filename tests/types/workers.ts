/** Checked with the official types of Cloudflare Workers. */
import {
  compose,
  dispatch,
  type Handler,
  memory,
  type Middleware,
  notFound,
  proxy,
  proxyTo,
  serveStatic,
} from "handwerk";
import { assets as assetsSource, bucket, keyValue } from "handwerk/workers";

interface Env {
  readonly ASSETS: Fetcher;
  readonly API: Fetcher;
  readonly NAME: string;
  readonly FILES: R2Bucket;
  readonly PAGES: KVNamespace;
}

const log: Middleware = (inner) => (request, ...args) => inner(request, ...args);
const portable: Handler = (request) => new Response(request.url);
const assets = (request: Request, env: Env): Promise<Response> => env.ASSETS.fetch(request);
const worker = (_request: Request, env: Env, ctx: ExecutionContext): Response => {
  ctx.waitUntil(Promise.resolve());
  return new Response(env.NAME);
};

const api = (request: Request, env: Env): Promise<Response> => env.API.fetch(request);
declare const binding: Fetcher;
export const forwarding = {
  fetch: proxy({ "/api": api, "/bound": binding, "/up": "http://up" })(worker),
} satisfies ExportedHandler<Env>;
export const bound: Handler = proxyTo({ target: binding, credentials: false });
// @ts-expect-error: a target that needs env under a handler that has none
export const hiddenTarget: Handler = proxy({ "/api": { target: api } })(portable);

export default { fetch: compose(log)(worker) } satisfies ExportedHandler<Env>;
export const plain = { fetch: compose(log)(notFound) } satisfies ExportedHandler<Env>;
export const table = {
  fetch: compose(log, dispatch({ "/portable": portable, "/assets": assets }))(worker),
} satisfies ExportedHandler<Env>;
export const underPlain = {
  fetch: dispatch({ "/assets": assets, "/worker": worker })(notFound),
} satisfies ExportedHandler<Env>;

export const stored = {
  fetch: serveStatic({
    "/memory": memory("x"),
    "/files": (env: Env) => bucket(env.FILES),
    "/pages": ({ PAGES }: Env) => keyValue(PAGES),
    "/": ({ ASSETS }: Env) => assetsSource(ASSETS),
  })(worker),
} satisfies ExportedHandler<Env>;
export const plainFiles: Middleware = serveStatic({ "/a": "./a", "/b": memory("x") });
// @ts-expect-error: exports that need env make a handler that does
export const hiddenFiles: Handler = serveStatic({ "/files": (env: Env) => bucket(env.FILES) })(
  portable,
);

// @ts-expect-error: a handler that needs env under one that has none
export const hidden: Handler = dispatch({ "/assets": assets })(portable);
export const otherEnv = {
  // @ts-expect-error: another env than the one the worker has
  fetch: dispatch({ "/assets": assets })(portable),
} satisfies ExportedHandler<{ readonly NAME: string }>;
export const listed = {
  fetch: serveStatic([
    ["/memory", memory("x")],
    ["/files", (env: Env) => bucket(env.FILES)],
    ["/", ({ ASSETS }: Env) => assetsSource(ASSETS)],
  ])(worker),
} satisfies ExportedHandler<Env>;

declare const whole: ExportedHandlerFetchHandler<Env>;
declare const exported: { fetch: ExportedHandlerFetchHandler<Env> };
const withCf = (request: Request<unknown, IncomingRequestCfProperties>, _env: Env): Response =>
  new Response(request.cf?.colo);
export const mountedWorkers = {
  fetch: dispatch({ "/a": whole, "/b": withCf, "/c": exported, "/d": binding, "/e": notFound })(
    notFound,
  ),
} satisfies ExportedHandler<Env>;
export const targetedWorkers = {
  fetch: proxy({ "/a": whole, "/b": { target: withCf }, "/c": exported })(notFound),
} satisfies ExportedHandler<Env>;
export const onlyTarget = { fetch: proxyTo(whole) } satisfies ExportedHandler<Env>;
export const mountedBinding: Handler = dispatch({ "/a": binding })(notFound);
export const wholeStore = {
  fetch: serveStatic(({ ASSETS }: Env) => assetsSource(ASSETS))(worker),
} satisfies ExportedHandler<Env>;
// @ts-expect-error: a mounted Worker needs env
export const hiddenWorker: Handler = dispatch({ "/a": whole })(notFound);
// @ts-expect-error: so does one that is exported as an object
export const hiddenExport: Handler = dispatch({ "/a": exported })(notFound);
