import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";

export const name = "hono";
export const version = versionOf("hono");
export const runtime = "node";
export const start = ({ directory }: Site): Promise<Listening> => {
  const app = new Hono();
  app.use("/*", serveStatic({ root: directory, precompressed: true }));
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve({ port }));
  });
};
