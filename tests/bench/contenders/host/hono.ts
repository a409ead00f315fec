import { serve } from "@hono/node-server";
import { type Listening, versionOf } from "../../support/contender.ts";
import { trivial } from "../../support/trivial.ts";

export const name = "@hono/node-server";
export const version = versionOf("@hono/node-server");
export const runtime = "node";
// It replaces the globals Request and Response, so the handler takes its Response when it runs.
export const start = (): Promise<Listening> =>
  new Promise((resolve) => {
    const Late = (() => {
      let made: ReturnType<typeof trivial> | undefined;
      return (request: Request) => (made ??= trivial(globalThis.Response))(request);
    })();
    serve({ fetch: Late, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve({ port }));
  });
