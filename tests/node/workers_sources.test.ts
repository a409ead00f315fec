/** R2, KV and static assets, as Cloudflare implements them, in workerd. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";
import { bundle } from "../support/bundle.ts";
import { temporary } from "../support/temp.ts";

const long = "0123456789".repeat(100);
const site = temporary({
  "long.txt": long,
  "about.html": "<p>about",
  "index.html": "<p>home",
  "docs/index.html": "<p>docs",
  "a.txt": "0123456789",
});
const sha256 = (text: string): Promise<ArrayBuffer> =>
  crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
let miniflare: Miniflare;
before(async () => {
  const { text } = await bundle({
    text: `
      import { notFound, serveStatic } from "./src/mod.ts";
      import { reprDigest } from "./src/static/mod.ts";
      import { assets, bucket, keyValue } from "./src/workers.ts";
      export default { fetch: serveStatic({
        "/r2": (env) => bucket(env.R2, "site/"),
        "/many": (env) => bucket(env.R2, "many"),
        "/kv": (env) => keyValue(env.KV),
        "/assets": (env) => assets(env.ASSETS),
      }, { listing: true, headers: reprDigest, extensions: ["html"] })(fill) };
      async function fill(request, env) {
        if (!request.url.endsWith("/fill")) return notFound(request);
        const key = (i) => "many/" + i + (i % 10 ? "" : "/x");
        await Promise.all(Array.from({ length: 1100 }, (_, i) => env.R2.put(key(i), "x")));
        return new Response();
      }`,
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
  await r2.put("site/long.txt", long, { sha256: await sha256(long) });
  await r2.put("site/about.html", "<p>about");
  await get("/fill");
  const kv = await miniflare.getKVNamespace("KV");
  await kv.put("a.txt", "0123456789", { metadata: { type: "text/x", lastModified: 1e12 } });
  await kv.put("docs/index.html", "<p>docs");
  await kv.put("about.html", "<p>about");
  await kv.put("long.txt", long);
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

for (const store of ["r2", "kv", "assets"]) {
  test(`${store}: lengths, several ranges, failed conditions and clean URLs`, async () => {
    // Cloudflare may compress on the way what a client takes compressed.
    const whole = await get(`/${store}/long.txt`, { "accept-encoding": "identity" });
    assert.equal(whole.headers.get("content-length"), "1000");
    assert.equal(await whole.text(), long);
    const several = { range: "bytes=0-1,500-502,-1", "accept-encoding": "identity" };
    const parts = await get(`/${store}/long.txt`, several);
    assert.equal(parts.status, 206);
    const length = parts.headers.get("content-length");
    const text = await parts.text();
    assert.equal(length, String(text.length));
    assert.deepEqual(
      [...text.matchAll(/Content-Range: (.*)\r\n\r\n(.*)\r\n/g)].map(([, range, part]) =>
        `${range} ${part}`
      ),
      ["bytes 0-1/1000 01", "bytes 500-502/1000 012", "bytes 999-999/1000 9"],
    );
    assert.equal((await get(`/${store}/long.txt`, { "if-match": '"x"' })).status, 412);
    const other = await get(`/${store}/long.txt`, { range: "bytes=0-1", "if-range": '"x"' });
    assert.deepEqual([other.status, await other.text()], [200, long]);
    const part = await get(`/${store}/long.txt`, { ...several, range: "bytes=500-900" });
    assert.deepEqual([part.status, part.headers.get("content-length")], [206, "401"]);
    assert.equal(await part.text(), long.slice(500, 901));
    const head = await get(`/${store}/long.txt`, { range: "bytes=0-1" }, "HEAD");
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, "1000"]);
    assert.equal(await (await get(`/${store}/about`)).text(), "<p>about");
    assert.equal(await (await get(`/${store}/about.html`)).text(), "<p>about");
    assert.equal((await get(`/${store}/long.txt`, {}, "POST")).status, 404);
  });
}

test("reprDigest: the hash of the store is sent", async () => {
  const digest = `sha-256=:${Buffer.from(await sha256(long)).toString("base64")}:`;
  for (const [store, expected] of [["r2", digest], ["kv", digest], ["assets", null]] as const) {
    const response = await get(`/${store}/long.txt`, { range: "bytes=0-1" });
    assert.equal(response.headers.get("repr-digest"), expected, store);
    await response.text();
  }
  assert.equal((await get("/r2/a.txt", {}, "HEAD")).headers.get("repr-digest"), null);
});

test("r2: a directory is listed page by page", async () => {
  const response = await get("/many/", { accept: "application/json" });
  const listed = await response.json() as { name: string; type: string }[];
  assert.equal(listed.length, 1100);
  assert.equal(listed.filter(({ type }) => type === "directory").length, 110);
  assert.deepEqual(new Set(listed.map(({ name }) => Number(name))).size, 1100);
});

test("r2: an empty object has a time", async () => {
  const empty = await get("/r2/empty.txt");
  assert.deepEqual([empty.status, await empty.text()], [200, ""]);
  assert.ok(Date.parse((await get("/r2/a.txt")).headers.get("last-modified") ?? "") > 1e12);
});
