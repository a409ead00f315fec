/** Serves a directory with one of the contestants: `node static_server.ts <name> <directory>`. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import fastifyStatic from "@fastify/static";
import { serve as honoServe } from "@hono/node-server";
import { serveStatic as honoStatic } from "@hono/node-server/serve-static";
import fastify from "fastify";
import { notFound, serveStatic } from "handwerk";
import { serve } from "handwerk/node";
import { Hono } from "hono";
import sirv from "sirv";
import { serve as srvxServe } from "srvx/node";
import { staticMiddleware as srvxStatic } from "srvx/static";

const [name = "", directory = ""] = process.argv.slice(2);

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const local = { port: 0, hostname: "127.0.0.1" };
const contestants: Readonly<Record<string, () => Promise<number>>> = {
  handwerk: async () =>
    (await serve({ ...local, fetch: serveStatic({ "/": directory })(notFound) })).port,
  sirv: () => listen(sirv(directory, { etag: true, maxAge: 43200 })),
  "@fastify/static": async () => {
    const app = fastify();
    app.register(fastifyStatic, { root: directory, maxAge: "12h" });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return (app.server.address() as AddressInfo).port;
  },
  "Hono + node-server": () => {
    const app = new Hono();
    app.use("/*", honoStatic({ root: directory }));
    return new Promise((resolve) =>
      honoServe({ ...local, fetch: app.fetch }, ({ port }) => resolve(port))
    );
  },
  "srvx/static": async () => {
    const server = srvxServe({
      ...local,
      silent: true,
      middleware: [srvxStatic({ dir: directory })],
      fetch: () => new Response(null, { status: 404 }),
    });
    await server.ready();
    return Number(new URL(server.url ?? "").port);
  },
};

const port = await contestants[name]?.();
console.log(JSON.stringify({ port }));
process.on("message", () => process.send?.(process.cpuUsage()));
