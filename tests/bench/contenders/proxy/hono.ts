import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { proxy } from "hono/proxy";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";

export const name = "hono proxy";
export const version = versionOf("hono");
export const runtime = "node";
export const start = ({ upstream }: Site): Promise<Listening> => {
  const app = new Hono();
  app.all("*", (context) => {
    const { pathname, search } = new URL(context.req.url);
    return proxy(upstream + pathname + search, context.req);
  });
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve({ port }));
  });
};
