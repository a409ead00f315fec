/** The site on Node: `npm start`, or `PORT=8000 npm start`. */
import { join } from "node:path";
import { type RunningServer, serve } from "handwerk/node";
import { site } from "./app.ts";
import { upstream } from "./upstream.ts";

const files = join(import.meta.dirname, "site");
const beside = await serve({ fetch: upstream, port: 0, hostname: "127.0.0.1" });
const app = site({
  exports: { "/": files },
  upstream: beside.url,
  development: process.env["NODE_ENV"] === "development",
});

let server: RunningServer;
try {
  server = await serve({
    fetch: app,
    port: Number(process.env["PORT"] ?? 3000),
    hostname: "127.0.0.1",
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
console.log(`The site is at ${server.url}\nIts upstream is at ${beside.url}\nStop with Ctrl-C`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await Promise.all([server.close(true), beside.close(true)]);
    console.log("Stopped");
  });
}
