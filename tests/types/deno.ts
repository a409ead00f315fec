/** Checked with the official types of Deno. */
import { compose, dispatch, type Handler, type Middleware, notFound } from "handwerk";

const log: Middleware = (inner) => (request, ...args) => inner(request, ...args);
const address = (_request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Response =>
  new Response(info.remoteAddr.hostname);

export const serve = (): Deno.HttpServer[] => [
  Deno.serve(compose(log)(address)),
  Deno.serve(compose(log, dispatch({ "/address": address, "/none": notFound }))(notFound)),
  Deno.serve(compose(log)(notFound)),
];

// @ts-expect-error: a handler that needs info under one that has none
export const hidden: Handler = dispatch({ "/address": address })(notFound);
