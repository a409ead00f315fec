/** The site on Deno: `deno run -A tests/examples/deno.ts`. */
import { site } from "./app.ts";
import { upstream } from "./upstream.ts";

const files = new URL("./site/", import.meta.url);
const quiet = { hostname: "127.0.0.1", onListen: () => {} };
const beside = Deno.serve({ ...quiet, port: 0 }, upstream);
const app = site({
  exports: { "/": files },
  upstream: `http://127.0.0.1:${beside.addr.port}/`,
  development: Deno.env.get("NODE_ENV") === "development",
});
const server = Deno.serve({ ...quiet, port: Number(Deno.env.get("PORT") ?? 3000) }, app);
console.log(`The site is at http://127.0.0.1:${server.addr.port}/`);

Deno.addSignalListener("SIGINT", async () => {
  await Promise.all([server.shutdown(), beside.shutdown()]);
  Deno.exit();
});
