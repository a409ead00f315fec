/** R2, KV and static assets, as Cloudflare implements them, in workerd. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";
import { bundle } from "../support/bundle.ts";
import { temporary } from "../support/temp.ts";

const site = temporary({
  "index.html": "<p>home",
  "docs/index.html": "<p>docs",
  "a.txt": "0123456789",
});
let miniflare: Miniflare;
before(async () => {
  const { text } = await bundle({
    text: `
      import { assets, bucket, keyValue, notFound, serveStatic } from "./src/mod.ts";
      export default { fetch: serveStatic({
        "/r2": (env) => bucket(env.R2, "site/"),
        "/kv": (env) => keyValue(env.KV),
        "/assets": (env) => assets(env.ASSETS),
      })(notFound) };`,
  });
  miniflare = new Miniflare(
    {
      modules: [{ type: "ESModule", path: "worker.mjs", contents: text }],
      compatibilityDate: "2026-07-30",
      r2Buckets: ["R2"],
      kvNamespaces: ["KV"],
      assets: {
        directory: site,
        binding: "ASSETS",
        routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
      },
    } as ConstructorParameters<typeof Miniflare>[0],
  );
  const r2 = await miniflare.getR2Bucket("R2");
  await r2.put("site/a.txt", "0123456789", { httpMetadata: { contentType: "text/x" } });
  await r2.put("site/docs/index.html", "<p>docs");
  await r2.put("site/empty.txt", "");
  await r2.put("outside.txt", "SECRET");
  const kv = await miniflare.getKVNamespace("KV");
  await kv.put("a.txt", "0123456789", { metadata: { type: "text/x", lastModified: 1e12 } });
  await kv.put("docs/index.html", "<p>docs");
});
after(() => miniflare.dispose());
const get = async (
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Response> =>
  await miniflare.dispatchFetch(`http://host${path}`, {
    headers,
    method,
    redirect: "manual",
  }) as unknown as Response;

for (const store of ["r2", "kv", "assets"]) {
  test(`${store}: files, ranges, conditions and index`, async () => {
    const whole = await get(`/${store}/a.txt`);
    assert.equal(whole.status, 200);
    assert.equal(await whole.text(), "0123456789");
    const etag = whole.headers.get("etag") ?? "";
    assert.match(etag, /^"[^"]+"$/);
    if (store !== "assets") {
      assert.equal(whole.headers.get("content-type"), "text/x; charset=utf-8");
    }
    const part = await get(`/${store}/a.txt`, { range: "bytes=2-4", "if-range": etag });
    assert.deepEqual([part.status, part.headers.get("content-range"), await part.text()], [
      206,
      "bytes 2-4/10",
      "234",
    ]);
    const parts = await get(`/${store}/a.txt`, { range: "bytes=99-" });
    assert.equal(parts.status, 416);
    await parts.text();
    assert.equal((await get(`/${store}/a.txt`, { "if-none-match": `"x", ${etag}` })).status, 304);
    const head = await get(`/${store}/a.txt`, {}, "HEAD");
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, "10"]);
    assert.equal(await (await get(`/${store}/docs/`)).text(), "<p>docs");
    const moved = await get(`/${store}/docs?q`);
    assert.deepEqual([moved.status, moved.headers.get("location")], [308, "./docs/?q"]);
    for (const path of ["missing", "missing/", "%2e%2e%2foutside.txt", "a.txt/x"]) {
      assert.equal((await get(`/${store}/${path}`)).status, 404, path);
    }
  });
}

test("r2: an empty object, and its time", async () => {
  const empty = await get("/r2/empty.txt");
  assert.deepEqual([empty.status, await empty.text()], [200, ""]);
  assert.ok(Date.parse((await get("/r2/a.txt")).headers.get("last-modified") ?? "") > 1e12);
});
