/** Checked with the official types of Bun. */
import { compose, dispatch, type Handler, type Middleware, notFound } from "handwerk";

const log: Middleware = (inner) => (request, ...args) => inner(request, ...args);
const address = (request: Request, server: Bun.Server<undefined>): Response =>
  new Response(server.requestIP(request)?.address ?? "");

export const serve = (): Bun.Server<undefined>[] => [
  Bun.serve({ fetch: compose(log)(address) }),
  Bun.serve({ fetch: compose(log, dispatch({ "/ip": address, "/none": notFound }))(notFound) }),
  Bun.serve({ fetch: compose(log)(notFound) }),
];

// @ts-expect-error: a handler that needs the server under one that has none
export const hidden: Handler = dispatch({ "/ip": address })(notFound);
