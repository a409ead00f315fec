/** The debugger in workerd leaves content in the coding that it is in. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Miniflare } from "miniflare";
import { bundle } from "../support/bundle.ts";

const gzip = gzipSync("compressed");
let miniflare: Miniflare;
let url: URL;
before(async () => {
  const { text } = await bundle({
    text: `
      import { debug } from "./src/debug/mod.ts";
      import { dispatch, memory, notFound, proxyTo, serveStatic } from "./src/mod.ts";
      const gzip = new Uint8Array([${[...gzip].join()}]);
      const headers = { "content-encoding": "gzip" };
      const app = dispatch({
        "/own": serveStatic({ "/": memory({ "a.txt": "compressed", "a.txt.gz": gzip }) }, {
          precompressed: ["gzip"],
        })(notFound),
        "/manual": () => new Response(gzip, { headers, encodeBody: "manual" }),
        "/automatic": () => new Response("compressed", { headers }),
        "/proxied": proxyTo(() => new Response(gzip, { headers, encodeBody: "manual" })),
      })(notFound);
      const shown = debug({ enabled: true, log: () => {} })(app);
      export default { fetch: (request) => shown(request) };`,
  });
  miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: text }],
    compatibilityDate: "2026-07-30",
  });
  url = await miniflare.ready;
});
after(async () => await miniflare.dispose());

for (const path of ["/own/a.txt", "/manual", "/automatic", "/proxied"]) {
  test(`${path} arrives in one coding`, async () => {
    const response = await fetch(new URL(path, url), { headers: { "accept-encoding": "gzip" } });
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.equal(await response.text(), "compressed");
  });
}
