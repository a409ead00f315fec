import { Hono } from "hono";
import { serveStatic } from "hono/bun";
import { type Listening, type Site, versionOf } from "../../support/contender.ts";
import { bunServe } from "../../support/runtimes.ts";

export const name = "hono";
export const version = versionOf("hono");
export const runtime = "bun";
export const start = ({ directory }: Site): Promise<Listening> => {
  const app = new Hono();
  app.use("/*", serveStatic({ root: directory, precompressed: true }));
  return bunServe({ fetch: app.fetch });
};
