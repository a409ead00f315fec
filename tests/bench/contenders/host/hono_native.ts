import { serve } from "@hono/node-server";
import { type Listening, versionOf } from "../../support/contender.ts";
import { trivial } from "../../support/trivial.ts";

export const name = "@hono/node-server, globals untouched";
export const version = versionOf("@hono/node-server");
export const runtime = "node";
export const start = (): Promise<Listening> =>
  new Promise((resolve) => {
    const options = { port: 0, hostname: "127.0.0.1", overrideGlobalObjects: false };
    serve({ ...options, fetch: trivial() }, ({ port }) => resolve({ port }));
  });
