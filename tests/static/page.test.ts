/** Which requests the page of a single-page app answers, and how. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, type Handler, memory, serveStatic, type ServeStaticOptions } from "handwerk";
import { Memory } from "../support/memory.ts";
import { send } from "../support/probe.ts";

const source = memory({
  "index.html": { content: "home", lastModified: new Date("2026-01-02T03:04:05Z") },
  "app.html": "app",
  "404.html": "not here",
  "app.js": "script",
});
const fallback: Handler = () => new Response("passed on", { status: 404 });
const serving = (options: ServeStaticOptions = {}): Handler =>
  serveStatic({ "/": source }, { spa: true, ...options })(fallback);
const answer = async (
  path: string,
  fields: Readonly<Record<string, string>>,
  options: ServeStaticOptions = {},
  method = "GET",
): Promise<string> => {
  const response = await send(serving(options), { path, fields, method });
  return `${response.status} ${await response.text()}`;
};

const HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const document = { accept: HTML, "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" };
const HOME = "200 home";
const MISS = "404 passed on";
// [path, fields, what is answered]
const requests: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  // Browsers
  ["/route/of/the/app", document, HOME],
  ["/route", { accept: HTML }, HOME],
  ["/route", { ...document, "sec-fetch-dest": "iframe" }, HOME],
  ["/library/version-2.3.4", document, HOME],
  ["/wiki/Talk:Main", document, HOME],
  ["/100%25/%FF", document, HOME],
  ["/app.js", document, "200 script"],
  ["/missing.js", document, MISS],
  ["/missing.html", document, MISS],
  // curl, uptime checks, link previews, fetch on servers
  ["/route", {}, HOME],
  ["/route", { accept: "" }, HOME],
  ["/route", { accept: "*/*" }, HOME],
  ["/route", { accept: "*/*", "sec-fetch-mode": "cors" }, HOME],
  ["/library/version-2.3.4", {}, HOME],
  ["/route/", { accept: "*/*" }, HOME],
  ["/user/jane@example.org.", { accept: "*/*" }, HOME],
  ["/route", { accept: "*/*", connection: "Upgrade", upgrade: "h2c" }, HOME],
  // Parts of pages, and data
  ["/missing.js", {}, MISS],
  ["/MISSING.PNG", { accept: "*/*" }, MISS],
  ["/deep/data.json", { accept: "*/*" }, MISS],
  ["/script", { accept: "*/*", "sec-fetch-dest": "script" }, MISS],
  ["/image", { accept: "image/avif,*/*;q=0.8", "sec-fetch-dest": "image" }, MISS],
  ["/worker", { accept: "*/*", "sec-fetch-dest": "worker" }, MISS],
  ["/image", { accept: "image/*" }, MISS],
  ["/api/data", { accept: "application/json" }, MISS],
  ["/api/data", { accept: "application/json, text/plain, */*" }, MISS],
  ["/api/data", { accept: "application/vnd.api+json, */*;q=0.5" }, MISS],
  ["/api/data", { accept: "*/*", "sec-fetch-dest": "empty" }, MISS],
  ["/partial", { accept: "text/html, application/xhtml+xml", "sec-fetch-dest": "empty" }, HOME],
  ["/events", { accept: "text/event-stream" }, MISS],
  ["/route", { accept: "text/html;q=0, */*" }, MISS],
  ["/socket", { connection: "Upgrade", upgrade: "websocket" }, MISS],
  ["/.well-known/security", { accept: "*/*" }, MISS],
  ["/.env", { accept: "*/*" }, MISS],
];
for (const [path, fields, expected] of requests) {
  test(`${path} ${JSON.stringify(fields)}: ${expected}`, async () => {
    assert.equal(await answer(path, fields), expected);
    const head = expected.slice(0, 3);
    assert.equal((await answer(path, fields, {}, "HEAD")).slice(0, 3), head);
    assert.equal(await answer(path, fields, {}, "POST"), MISS);
  });
}

// [spaPaths, the paths of the page, and those that are none]
const rules: readonly (readonly [
  NonNullable<ServeStaticOptions["spaPaths"]>,
  readonly string[],
  readonly string[],
])[] = [
  ["!api/**", ["/", "/a", "/a/api"], ["/api", "/api/x", "/API/x", "/a.js"]],
  ["!/api/**", ["/a"], ["/api/x"]],
  ["app/**", ["/app/x", "/app/v1.2"], ["/other", "/app/x.js"]],
  [["app/**", "login"], ["/app/x", "/login"], ["/login/x", "/"]],
  [[], [], ["/a"]],
  [(path) => path.startsWith("files/ü"), ["/files/%C3%BC.md", "/files/%C3%BC/.x"], ["/a", "/"]],
];
for (const [spaPaths, pages, others] of rules) {
  test(`spaPaths: ${String(spaPaths)}`, async () => {
    const options = { spaPaths, index: false, spa: "app.html" } as const;
    for (const path of pages) assert.equal(await answer(path, {}, options), "200 app", path);
    for (const path of others) {
      if (path !== "/" || typeof spaPaths === "function") {
        assert.equal(await answer(path, {}, options), MISS, path);
      }
    }
  });
}

test("spa: wrong values are rejected", () => {
  const build = (options: object) => (): unknown => serveStatic({ "/": source }, options);
  assert.throws(build({ spaPaths: "a/**" }), /TypeError: serveStatic: spaPaths .* set spa, too/);
  assert.throws(
    build({ spa: true, spaPaths: [""] }),
    /TypeError: serveStatic: spaPaths\[0\] is ""; give/,
  );
  assert.throws(build({ spa: true, spaPaths: 1 }), /TypeError: serveStatic: spaPaths is 1; give/);
  assert.throws(build({ spa: "../x" }), /TypeError: serveStatic: spa is "\.\.\/x"; give/);
});

test("spa: the page has validators, and is not fresh", async () => {
  const app = serving({ cache: { "*": "public, max-age=99, immutable" } });
  const page = await send(app, { path: "/route" });
  assert.equal(page.headers.get("cache-control"), "no-cache");
  assert.equal(page.headers.get("expires"), null);
  assert.equal(page.headers.get("accept-ranges"), null);
  assert.equal(page.headers.get("last-modified"), "Fri, 02 Jan 2026 03:04:05 GMT");
  const etag = page.headers.get("etag") ?? "";
  assert.match(etag, /^"/);
  for (
    const fields of [
      { "if-none-match": etag },
      { "if-modified-since": "Fri, 02 Jan 2026 03:04:05 GMT" },
    ]
  ) {
    const { status, headers } = await send(app, { path: "/other/route", fields });
    assert.equal(status, 304);
    assert.equal(headers.get("etag"), etag);
    assert.equal(headers.get("cache-control"), "no-cache");
    assert.equal(headers.get("vary"), "accept, sec-fetch-dest");
  }
  const failed = await send(app, { path: "/route", fields: { "if-match": '"other"' } });
  assert.equal(failed.status, 412);
  const whole = await send(app, { path: "/route", fields: { range: "bytes=0-0" } });
  assert.deepEqual([whole.status, await whole.text()], [200, "home"]);
});

test("spa: with cache: false, the page is not stored", async () => {
  const { headers } = await send(serving({ cache: false }), { path: "/route" });
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("etag"), null);
});

test("spa: the page and the 404 in its place have Vary", async () => {
  const vary = async (path: string, fields: Record<string, string>, options = {}) => {
    const { status, headers } = await send(serving(options), { path, fields });
    return [status, headers.get("vary")];
  };
  const fields = "accept, sec-fetch-dest";
  const json = { accept: "application/json" };
  assert.deepEqual(await vary("/route", {}), [200, fields]);
  assert.deepEqual(await vary("/route", json), [404, fields]);
  assert.deepEqual(await vary("/route", json, { notFoundPage: "404.html" }), [404, fields]);
  const coded = { precompressed: ["br"] };
  assert.deepEqual(await vary("/route", {}, coded), [200, `accept-encoding, ${fields}`]);
  // These depend on nothing.
  assert.deepEqual(await vary("/missing.js", {}), [404, null]);
  assert.deepEqual(await vary("/missing.js", {}, { notFoundPage: "404.html" }), [404, null]);
  assert.deepEqual(await vary("/app.js", {}), [200, null]);
  assert.deepEqual(await vary("/route", json, { spaPaths: "app/**" }), [404, null]);
  assert.deepEqual(await vary("/route", {}, { spa: false }), [404, null]);
});

test("spa: a 404 with immutable headers gets Vary, other responses do not", async () => {
  const original = new Response("frozen", { status: 404, headers: { vary: "origin" } });
  const frozen = Object.defineProperty(original, "headers", {
    value: Object.assign(new Headers(original.headers), {
      append: () => {
        throw new TypeError("immutable");
      },
    }),
  });
  const found = new Response("data");
  const inner = dispatch({ "/frozen": () => frozen, "/found": () => found })(fallback);
  const app = serveStatic({ "/": source }, { spa: true })(inner);
  const fields = { accept: "application/json" };
  const copy = await send(app, { path: "/frozen", fields });
  assert.equal(copy.headers.get("vary"), "origin, accept, sec-fetch-dest");
  assert.equal(await copy.text(), "frozen");
  assert.equal(await send(app, { path: "/found", fields }), found);
  assert.equal(found.headers.get("vary"), null);
});

test("notFoundPage: is never cached, and has no validators", async () => {
  const files = new Memory({ "404.html": { text: "none", etag: '"h"', lastModified: 1e12 } });
  const options = { notFoundPage: "404.html", cache: { "*": "public, immutable" } };
  const app = serveStatic({ "/": files }, options)(fallback);
  const fields = { "if-none-match": "*", range: "bytes=0-0" };
  const response = await send(app, { path: "/x", fields });
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("cache-control"), "no-store");
  for (const name of ["etag", "last-modified", "expires", "accept-ranges"]) {
    assert.equal(response.headers.get(name), null);
  }
  assert.equal(await response.text(), "none");
});
