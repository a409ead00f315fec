/** The debugger in workerd, bundled as Workers are. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

let miniflare: Miniflare;
let url: URL;
before(async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { debug } from "./src/debug/mod.ts";
        const fail = (env: { WHAT: string }): never => {
          throw new RangeError("no " + env.WHAT);
        };
        const options = { enabled: true, live: true, log: () => {} };
        export default { fetch: debug(options)((_: Request, env: { WHAT: string }) => fail(env)) };`,
      resolveDir: process.cwd(),
      sourcefile: "worker.ts",
      loader: "ts",
    },
    bundle: true,
    minify: true,
    keepNames: true,
    write: false,
    format: "esm",
    sourcemap: "inline",
    conditions: ["workerd", "worker"],
  });
  miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: outputFiles[0]?.text ?? "" }],
    compatibilityDate: "2026-07-30",
    compatibilityFlags: ["nodejs_compat"],
    bindings: { WHAT: "such row" },
  });
  url = await miniflare.ready;
});
after(async () => await miniflare.dispose());

test("a minified Worker shows its source as it was written, and why it is not live", async () => {
  const response = await fetch(url, { headers: { accept: "text/html" } });
  assert.equal(response.status, 500);
  const page = await response.text();
  assert.match(page, /<mark>new RangeError<\/mark>\(<i class="s">&quot;no &quot;/);
  assert.match(page, /worker\.ts<b>:4:\d+/);
  assert.match(page, /Frames are not kept alive: /);
  const text = await (await fetch(url)).text();
  assert.match(text, /RangeError: no such row\n\n {2}at .*worker\.ts:4:/);
});

test("a Worker in production shows nothing", async () => {
  const response = await fetch(url, { headers: { "cf-ray": "8f0-FRA" } });
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /worker\.ts|data-token/);
});
