/** The site on Bun: `bun tests/examples/bun.ts`. */
import { site } from "./app.ts";
import { upstream } from "./upstream.ts";

const files = new URL("./site/", import.meta.url);
const beside = Bun.serve({ fetch: upstream, port: 0, hostname: "127.0.0.1" });
const app = site({
  exports: { "/": files },
  upstream: beside.url.href,
  development: process.env["NODE_ENV"] === "development",
});
const server = Bun.serve({
  fetch: app,
  port: Number(process.env["PORT"] ?? 3000),
  hostname: "127.0.0.1",
});
console.log(`The site is at ${server.url.href}`);

process.once("SIGINT", async () => {
  await Promise.all([server.stop(true), beside.stop(true)]);
  process.exit();
});
