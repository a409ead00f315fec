/** What must and must not compile on any host. */
import {
  compose,
  dispatch,
  type Handler,
  memory,
  type Middleware,
  mountOf,
  notFound,
  serveStatic,
} from "handwerk";

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

export const packages: Middleware = serveStatic({
  "/a": ["mime", "dist"],
  "/b": memory("x"),
  "/c": ".",
});
export const pairs: Middleware = serveStatic([["/a", ["mime", "dist"]], ["/b", memory("x")]]);
// @ts-expect-error: a package without a folder
export const folderless: Middleware = serveStatic({ "/a": ["mime"] });
