import assert from "node:assert/strict";
import { test } from "node:test";
import { memory, notFound, serveStatic, type ServeStaticOptions } from "handwerk";

const page = "<p>compress me</p>\n".repeat(200);
const source = memory({
  "page.html": page,
  "small.html": "<p>",
  "photo.png": page,
  "data.json": page,
  "stored.js": page,
  "stored.js.br": "brotli",
});
/** Accept-Encoding cannot be set on a Request everywhere; this one only reads. */
const get = async (
  path: string,
  fields: Record<string, string>,
  options: ServeStaticOptions = {},
  method = "GET",
): Promise<Response> => {
  const request = new Request(`http://host${path}`, { method });
  const headers = new Map(Object.entries(fields));
  const value = {
    get: (name: string) => headers.get(name) ?? null,
    has: (name: string) => headers.has(name),
  };
  Object.defineProperty(request, "headers", { value });
  return await serveStatic({ "/": source }, { compress: true, ...options })(notFound)(request);
};
const unzip = (response: Response): Promise<string> =>
  new Response(response.body?.pipeThrough(new DecompressionStream("gzip"))).text();
const gzip = { "accept-encoding": "gzip, br" };

test("compress: text is compressed for clients that accept gzip", async () => {
  const response = await get("/page.html", gzip);
  assert.equal(response.headers.get("content-encoding"), "gzip");
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(response.headers.get("vary"), "accept-encoding");
  assert.equal(response.headers.get("content-length"), null);
  assert.equal(response.headers.get("accept-ranges"), null);
  const etag = response.headers.get("etag") ?? "";
  assert.match(etag, /^W\/"[^"]+-gzip"$/);
  assert.equal(await unzip(response), page);
  assert.equal((await get("/page.html", { ...gzip, "if-none-match": etag })).status, 304);
});

const accepted = "accept-encoding";
// [why, path, fields, options, Vary]
const whole: readonly (readonly [
  string,
  string,
  Record<string, string>,
  ServeStaticOptions,
  string | null,
])[] = [
  ["what is small", "/small.html", gzip, {}, null],
  ["what is compressed already", "/photo.png", gzip, {}, null],
  ["what may have a compressed file beside it", "/photo.png", gzip, {
    precompressed: ["br"],
  }, accepted],
  ["for who does not take gzip", "/page.html", {}, {}, accepted],
  ["for who refuses gzip", "/page.html", { "accept-encoding": "gzip;q=0, br" }, {}, accepted],
  ["against no-transform", "/data.json", gzip, { cache: { "*": "no-transform" } }, null],
];
for (const [why, path, fields, options, vary] of whole) {
  test(`not compressed: ${why}`, async () => {
    const response = await get(path, fields, options);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-encoding"), null);
    assert.equal(response.headers.get("vary"), vary);
    assert.ok(response.headers.has("content-length"));
    await response.body?.cancel();
  });
}

test("compress: a stored variant goes first, and ranges are those of the stored file", async () => {
  const stored = await get("/stored.js", gzip, { precompressed: ["br"] });
  assert.equal(await stored.text(), "brotli");
  const part = await get("/page.html", { ...gzip, range: "bytes=0-2" });
  assert.deepEqual([part.status, part.headers.get("content-encoding")], [206, null]);
  assert.equal(part.headers.get("vary"), "accept-encoding");
  assert.equal(await part.text(), "<p>");
});

test("compress: HEAD has the headers of the compressed response", async () => {
  const head = await get("/page.html", gzip, {}, "HEAD");
  assert.equal(head.headers.get("content-encoding"), "gzip");
  assert.equal(head.headers.get("content-length"), null);
  assert.equal(head.body, null);
});

test("compress: a client that refuses identity gets gzip, or 406", async () => {
  const only = { "accept-encoding": "gzip, identity;q=0" };
  assert.equal(await unzip(await get("/page.html", only)), page);
  for (
    const [path, fields] of [["/small.html", only], ["/page.html", {
      "accept-encoding": "*;q=0",
    }]] as const
  ) {
    const refused = await get(path, fields);
    assert.deepEqual([refused.status, refused.headers.get("vary")], [406, "accept-encoding"]);
  }
});
