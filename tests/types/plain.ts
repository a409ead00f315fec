/** What must and must not compile on any host. */
import {
  compose,
  dispatch,
  type Handler,
  memory,
  type Middleware,
  mountOf,
  type Mounts,
  notFound,
  proxy,
  proxyTo,
  serveStatic,
  type Targets,
} from "handwerk";
import { inspect } from "handwerk/proxy";
import { upstreamList } from "handwerk/upstreams";

const log: Middleware = (inner) => (request, ...args) => inner(request, ...args);
const needsEnv = (_request: Request, env: { readonly name: string }): Response =>
  new Response(env.name);

export const nest: Handler = compose(
  log,
  (inner) => (request, ...args) => inner(request, ...args),
  dispatch({ "/a": notFound, "/b": (request) => new Response(mountOf(request).base) }),
)(notFound);
export const nothing: Middleware = compose();
export const stored: Middleware = dispatch({ "/a": notFound });

export const withEnv: Handler<readonly [{ readonly name: string }]> = compose(
  log,
  dispatch({ "/a": notFound, "/b": needsEnv }),
)(needsEnv);
export const underPlain: Handler<readonly [{ readonly name: string }]> = dispatch({
  "/b": needsEnv,
})(notFound);

interface App {
  fetch(request: Request, env?: object): Response | Promise<Response>;
}
declare const app: App;
export const apps: Middleware = dispatch({ "/a": app, "/b": { fetch: notFound }, "/c": notFound });
export const needyApp: Handler<readonly [{ readonly name: string }]> = dispatch({
  "/a": app,
  "/b": { fetch: needsEnv },
})(notFound);
const mounts: Mounts = { "/a": app, "/b": notFound };
export const mountsFromTable: Handler = dispatch(mounts)(notFound);
export const noMounts: Handler = dispatch({})(notFound);
// @ts-expect-error: an app that needs arguments cannot hide, either
export const hiddenApp: Handler = dispatch({ "/b": { fetch: needsEnv } })(notFound);

// @ts-expect-error: a mounted handler that needs arguments cannot hide under one that has none
export const hidden: Handler = dispatch({ "/b": needsEnv })(notFound);
// @ts-expect-error: nor in a composed middleware
export const composed: Handler = compose(log, dispatch({ "/b": needsEnv }))(notFound);
// @ts-expect-error: nor two mounts down
export const nested: Handler = dispatch({ "/a": dispatch({ "/b": needsEnv })(notFound) })(notFound);
// @ts-expect-error: the arguments must be the ones that the mounted handler takes
export const other: Handler<readonly [number]> = dispatch({ "/b": needsEnv })(notFound);
// @ts-expect-error: an option that does not exist
export const unknownOption: Middleware = dispatch({}, { rewritten: true });
// @ts-expect-error: a mount must be a handler
export const noHandler: Middleware = dispatch({ "/a": "a" });

export const forwarded: Handler = proxy({
  "/a": "http://up",
  "/b": new URL("http://up"),
  "/c": ["http://one", { url: "http://two", weight: 2 }],
  "/d": notFound,
  "/e": { target: (request) => new Response(request.url), removePrefix: true },
  "/f": { fetch: notFound },
})(notFound);
export const leaf: Handler = dispatch({ "/a": proxyTo("http://up") })(proxyTo(["http://up"]));
export const leafWithEnv: Handler<readonly [{ readonly name: string }]> = proxyTo(needsEnv);
export const proxyWithEnv: Handler<readonly [{ readonly name: string }]> = proxy({
  "/a": { target: needsEnv },
  "/b": "http://up",
})(notFound);
export const inspected: Promise<unknown> = inspect("http://up")(new Request("http://front/"));
export const everything: readonly Middleware[] = [
  proxy("http://up"),
  proxy(new URL("http://up")),
  proxy(["http://up", "http://up2"]),
  proxy({ target: "http://up", removePrefix: true }),
  proxy(app),
  proxy((request) => new Response(request.url)),
  proxy(upstreamList()),
  proxy({}),
];
export const wholeWithEnv: Handler<readonly [{ readonly name: string }]> = proxy({
  fetch: needsEnv,
})(notFound);
// @ts-expect-error: a target that needs arguments
export const hiddenWhole: Handler = proxy({ fetch: needsEnv })(notFound);
const table: Targets = { "/a": "http://up" };
export const fromTable: Handler = proxy(table)(notFound);

// @ts-expect-error: a target that needs arguments makes a handler that needs them
export const hiddenTarget: Handler = proxy({ "/a": { target: needsEnv } })(notFound);
// @ts-expect-error: and so does a leaf
export const hiddenLeaf: Handler = proxyTo(needsEnv);
// @ts-expect-error: a target in a table that needs arguments that nobody gives
export const needyTable: Targets = { "/a": needsEnv };
// @ts-expect-error: an option that does not exist, in a table
export const unknownOptionInTable: Middleware = proxy({ "/": { target: "http://up", hosts: "x" } });
// @ts-expect-error: an option that does not exist
export const unknownTargetOption: Handler = proxyTo({ target: "http://up", removesPrefix: true });
// @ts-expect-error: a target must be one
export const noTarget: Handler = proxyTo(1);

export const packages: Middleware = serveStatic({
  "/a": ["mime", "dist"],
  "/b": memory("x"),
  "/c": ".",
});
export const wholes: readonly Middleware[] = [
  serveStatic("./public"),
  serveStatic(new URL("file:///srv/www")),
  serveStatic(memory("x")),
  serveStatic(["mime", "dist"]),
  serveStatic({}),
];
export const wholeOfEnv: Handler<readonly [{ readonly name: string }]> = serveStatic(
  (env: { readonly name: string }) => memory(env.name),
)(notFound);
export const pairs: Middleware = serveStatic([["/a", ["mime", "dist"]], ["/b", memory("x")]]);
// @ts-expect-error: a package without a folder
export const folderless: Middleware = serveStatic({ "/a": ["mime"] });
