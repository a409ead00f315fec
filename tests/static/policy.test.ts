/** Codings, caching, downloads, uploads: what the answer for a file says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Handler, serveStatic, type ServeStaticOptions } from "handwerk";
import { Memory } from "../support/memory.ts";

const source = new Memory({
  "app.js": { text: "identity", etag: '"e"' },
  "app.js.br": { text: "brotli", etag: '"b"' },
  "app.js.gz": { text: "gzip", etag: '"g"' },
  "only.js": { text: "identity" },
  "app-4fa9c21b.js": { text: "fingerprinted" },
  "jquery-migrations.js": { text: "not fingerprinted" },
  "page.html": { text: "<p>" },
  "drawing.svg": { text: "<svg/>" },
  "photo.png": { text: "png" },
  "sub/Übersicht (1).txt": { text: "x" },
  "secret.key": { text: "k" },
  "secret.key.br": { text: "k" },
  ".env": { text: "k" },
});
const fallback: Handler = () => new Response("passed on", { status: 418 });
const get = async (
  options: ServeStaticOptions,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Response> =>
  await serveStatic({ "/": source }, options)(fallback)(
    new Request(`http://host${path}`, { headers, method }),
  );

const codings = { precompressed: ["br", "zstd", "gzip"] } as const;
/** Accept-Encoding cannot be left out, or be odd, on a Request everywhere; this one only reads. */
const accepting = async (accept: string | null, path: string): Promise<Response> => {
  const request = new Request(`http://host${path}`);
  const headers = new Map(accept === null ? [] : [["accept-encoding", accept]]);
  const value = { get: (name: string) => headers.get(name) ?? null };
  Object.defineProperty(request, "headers", { value });
  return await serveStatic({ "/": source }, codings)(fallback)(request);
};
// [Accept-Encoding, path, status, Content-Encoding, content]
const negotiated: readonly (readonly [string | null, string, number, string | null, string])[] = [
  ["br, gzip", "/app.js", 200, "br", "brotli"],
  ["gzip, br", "/app.js", 200, "br", "brotli"],
  ["gzip", "/app.js", 200, "gzip", "gzip"],
  ["x-gzip", "/app.js", 200, "gzip", "gzip"],
  ["GZIP", "/app.js", 200, "gzip", "gzip"],
  ["br;q=0, gzip", "/app.js", 200, "gzip", "gzip"],
  ["br;q=0.1, gzip;q=1", "/app.js", 200, "gzip", "gzip"],
  ["br ; Q=0.5 ,gzip;q=0.4", "/app.js", 200, "br", "brotli"],
  ["*", "/app.js", 200, "br", "brotli"],
  ["*;q=0", "/app.js", 406, null, "Not Acceptable"],
  ["identity", "/app.js", 200, null, "identity"],
  ["identity;q=1, br;q=0.5", "/app.js", 200, null, "identity"],
  ["identity;q=0, br", "/app.js", 200, "br", "brotli"],
  ["identity;q=0", "/app.js", 406, null, "Not Acceptable"],
  ["identity;q=0, br", "/only.js", 406, null, "Not Acceptable"],
  ["bra, gzipped", "/app.js", 200, null, "identity"],
  ["br;q=x", "/app.js", 200, null, "identity"],
  ["zstd", "/app.js", 200, null, "identity"],
  ["", "/app.js", 200, null, "identity"],
  [null, "/app.js", 200, null, "identity"],
  ["br", "/only.js", 200, null, "identity"],
];
for (const [accept, path, status, coding, content] of negotiated) {
  test(`Accept-Encoding: ${accept} for ${path}: ${status} ${coding ?? "identity"}`, async () => {
    const response = await accepting(accept, path);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("content-encoding"), coding);
    assert.equal(response.headers.get("vary"), "accept-encoding");
    if (status === 200) {
      assert.equal(response.headers.get("content-type"), "text/javascript; charset=utf-8");
    }
    assert.equal(await response.text(), content);
  });
}

test("precompressed: each coding has its own entity tag; 304 and 206 have Vary", async () => {
  const tags = await Promise.all(
    ["identity", "br", "gzip"].map(async (accept) =>
      (await accepting(accept, "/app.js")).headers.get("etag")
    ),
  );
  assert.deepEqual(tags, ['"e"', '"b-br"', '"g-gzip"']);
  const brotli = { "accept-encoding": "br" };
  const same = await get(codings, "/app.js", { ...brotli, "if-none-match": '"b-br"' });
  assert.deepEqual([same.status, same.headers.get("vary")], [304, "accept-encoding"]);
  const part = await get(codings, "/app.js", { ...brotli, range: "bytes=0-1" });
  assert.deepEqual([part.status, part.headers.get("vary")], [206, "accept-encoding"]);
  assert.equal(part.headers.get("content-range"), "bytes 0-1/6");
});

test("precompressed: the access rules of a file apply to its variants", async () => {
  const options = { ...codings, disallow: "*.key" };
  for (const path of ["/secret.key", "/secret.key.br", "/SECRET.KEY.BR"]) {
    assert.equal((await get(options, path, { "accept-encoding": "br" })).status, 418, path);
  }
});

// [options, path, Cache-Control]
const cached: readonly (readonly [ServeStaticOptions, string, string])[] = [
  [{ cache: "auto" }, "/app-4fa9c21b.js", "public, max-age=31536000, immutable"],
  [{ cache: "auto" }, "/jquery-migrations.js", "public, max-age=300, stale-while-revalidate=3600"],
  [{ cache: "auto" }, "/page.html", "no-cache"],
  [{ cache: { "*.js": "private", "*.html": "no-store" } }, "/page.html", "no-store"],
  [{ cache: { "*.js": "private" }, cacheTimeout: 5 }, "/page.html", "no-cache"],
  [{ cache: { "*.js": "private" }, cacheTimeout: 5 }, "/photo.png", "public, max-age=5"],
  [{}, "/page.html", "no-cache"],
  [{ cacheTimeout: 60 }, "/page.html", "no-cache"],
  [{ cacheTimeout: 60 }, "/drawing.svg", "public, max-age=60"],
  [{}, "/app.js", "public, max-age=43200"],
  [{ cache: false }, "/page.html", "no-store"],
  [{ cache: false }, "/app-4fa9c21b.js", "no-store"],
  [{ cache: (path) => path === "app.js" ? "max-age=1" : undefined }, "/app.js", "max-age=1"],
  [{ cache: { "*.html": "no-store" } }, "/p%61ge%2Ehtml", "no-store"],
  [{ cache: { "sub/**": "max-age=7" } }, "/sub/%C3%9Cbersicht%20(1).txt", "max-age=7"],
];
for (const [options, path, expected] of cached) {
  test(`${JSON.stringify(options)} ${path}: ${expected}`, async () => {
    assert.equal((await get(options, path)).headers.get("cache-control"), expected);
  });
}

test("cache: HTML is revalidated: it has no Expires, and gets 304", async () => {
  const source = new Memory({
    "page.html": { text: "<p>", etag: '"p"' },
    "page.xhtml": { text: "<p/>", etag: '"x"' },
  });
  const app = serveStatic({ "/": source })(fallback);
  for (const [path, etag] of [["/page.html", '"p"'], ["/page.xhtml", '"x"']] as const) {
    const { headers } = await app(new Request(`http://host${path}`));
    assert.deepEqual(
      ["cache-control", "expires", "etag"].map((name) => headers.get(name)),
      ["no-cache", null, etag],
    );
    const again = await app(
      new Request(`http://host${path}`, { headers: { "if-none-match": etag } }),
    );
    assert.deepEqual([again.status, again.headers.get("cache-control")], [304, "no-cache"]);
  }
});

// [options, path, Content-Disposition]
const saved: readonly (readonly [ServeStaticOptions, string, string | null])[] = [
  [{}, "/app.js", null],
  [{ download: true }, "/app.js", 'attachment; filename="app.js"'],
  [
    { download: true },
    "/sub/%C3%9Cbersicht%20(1).txt",
    "attachment; filename=\"_bersicht (1).txt\"; filename*=UTF-8''%C3%9Cbersicht%20%281%29.txt",
  ],
  [
    { download: () => '../a"b\r\n.txt' },
    "/app.js",
    "attachment; filename=\"a_b__.txt\"; filename*=UTF-8''a%22b%0D%0A.txt",
  ],
  [{ download: (path) => path.endsWith(".js") }, "/page.html", null],
  [{ untrusted: true }, "/page.html", 'attachment; filename="page.html"'],
  [{ untrusted: true }, "/drawing.svg", 'attachment; filename="drawing.svg"'],
  [{ untrusted: true }, "/photo.png", null],
];
for (const [options, path, expected] of saved) {
  test(`${Object.keys(options).join()} ${path} is saved: ${expected}`, async () => {
    assert.equal((await get(options, path)).headers.get("content-disposition"), expected);
  });
}

test("untrusted: files run no scripts", async () => {
  const { headers } = await get({ untrusted: true }, "/photo.png");
  assert.equal(headers.get("content-security-policy"), "sandbox; default-src 'none'");
});

test("dotfiles: passed on, denied, or served", async () => {
  const statuses = await Promise.all(
    (["ignore", "deny", "allow"] as const).map(async (dotfiles) =>
      (await get({ dotfiles }, "/.env")).status
    ),
  );
  assert.deepEqual(statuses, [418, 403, 200]);
});

test("headers: a hook changes the headers of 200, 206 and 304", async () => {
  const seen: string[] = [];
  const headers = (path: string, fields: Headers): void => {
    seen.push(`${path} ${fields.get("etag")}`);
    fields.set("x-mine", "1");
  };
  for (const fields of [{}, { range: "bytes=0-0" }, { "if-none-match": "*" }]) {
    assert.equal((await get({ headers }, "/app.js", fields)).headers.get("x-mine"), "1");
  }
  assert.deepEqual(seen, Array(3).fill('app.js "e"'));
});

test("methodNotAllowed: other methods are answered with 405", async () => {
  const refused = await get({ methodNotAllowed: true }, "/app.js", {}, "DELETE");
  assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD, OPTIONS"]);
  const options = await get({ methodNotAllowed: true }, "/app.js", {}, "OPTIONS");
  assert.deepEqual([options.status, options.headers.get("allow")], [204, "GET, HEAD, OPTIONS"]);
  assert.equal((await get({ methodNotAllowed: true }, "/missing", {}, "DELETE")).status, 418);
});
