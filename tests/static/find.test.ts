/** Which file answers for a path, as tables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dispatch, type Handler, serveStatic, type ServeStaticOptions } from "handwerk";
import { Memory } from "../support/memory.ts";

const files = {
  "index.html": { text: "home" },
  "about.html": { text: "about" },
  "docs/index.html": { text: "docs" },
  "docs/a,b;c/index.html": { text: "odd" },
  "docs/guide.html": { text: "guide" },
  "docs/404.html": { text: "no such doc" },
  "404.html": { text: "no such page" },
  "plain/file.txt": { text: "file" },
  "private/index.html": { text: "private" },
  "app.js": { text: "script" },
};
const fallback: Handler = () => new Response("passed on", { status: 418 });
const answer = async (
  options: ServeStaticOptions,
  path: string,
  init?: RequestInit,
  exports: Record<string, Memory> = { "/": new Memory(files) },
): Promise<string> => {
  const response = await serveStatic(exports, options)(fallback)(
    new Request(`http://host${path}`, init),
  );
  const location = response.headers.get("location");
  return location === null
    ? `${response.status} ${await response.text()}`
    : `${response.status} ${location}`;
};

const clean = { extensions: ["html"], hideExtensions: true };
// [options, path, what is answered]
const cases: readonly (readonly [ServeStaticOptions, string, string])[] = [
  [{}, "/", "200 home"],
  [{}, "/docs/", "200 docs"],
  [{}, "/docs", "308 ./docs/"],
  [{}, "/docs?page=2&x", "308 ./docs/?page=2&x"],
  [{}, "/docs/a,b;c", "308 ./a,b;c/"],
  [{}, "/plain", "418 passed on"],
  [{}, "/plain/", "418 passed on"],
  [{}, "/about.html/", "418 passed on"],
  [{}, "/about", "418 passed on"],
  [{ trailingSlash: "remove" }, "/", "200 home"],
  [{ trailingSlash: "remove" }, "/docs", "200 docs"],
  [{ trailingSlash: "remove" }, "/docs/?q", "308 ../docs?q"],
  [{ trailingSlash: "ignore" }, "/docs", "200 docs"],
  [{ trailingSlash: "ignore" }, "/docs/", "200 docs"],
  [{ index: false }, "/docs/", "418 passed on"],
  [{ index: ["none.html", "guide.html"] }, "/docs/", "200 guide"],
  [{ extensions: ["txt", "html"] }, "/about", "200 about"],
  [{ extensions: ["html"] }, "/about.html", "200 about"],
  [{ extensions: ["html"] }, "/about/", "418 passed on"],
  [{ extensions: ["html"], trailingSlash: "ignore" }, "/about/", "200 about"],
  [{ extensions: ["html"], trailingSlash: "remove" }, "/about/?q", "308 ../about?q"],
  [clean, "/about", "200 about"],
  [clean, "/about.html?q", "308 ./about?q"],
  [clean, "/ab%6fut.html", "308 ./about"],
  [{ disallow: "private" }, "/private", "418 passed on"],
  [{ disallow: "private" }, "/private/", "418 passed on"],
  [{ disallow: "*.html" }, "/docs/", "418 passed on"],
  [{ disallow: "*.html" }, "/docs", "418 passed on"],
  [{ disallow: "about.html", extensions: ["html"] }, "/about", "418 passed on"],
  [{ isAllowed: (path) => path !== "docs/index.html" }, "/docs/", "418 passed on"],
  [{ isAllowed: (path) => path.startsWith("docs/") }, "/docs/guide.html", "200 guide"],
  [{ disallow: "!docs/**" }, "/docs/guide.html", "200 guide"],
  [{ disallow: "!docs/**" }, "/about.html", "418 passed on"],
  [{ notFoundPage: "404.html" }, "/nowhere/at/all", "404 no such page"],
  [{ notFoundPage: "404.html" }, "/docs/nothing", "404 no such doc"],
  [{ notFoundPage: "404.html" }, "/docs/deep/er/nothing", "404 no such doc"],
  [{ notFoundPage: "404.html" }, "/docs%2F..%2Fx", "404 no such page"],
  [{ notFoundPage: "404.html", disallow: "docs" }, "/docs/x", "404 no such page"],
];
for (const [options, path, expected] of cases) {
  test(`${JSON.stringify(options)} ${path}: ${expected}`, async () => {
    assert.equal(await answer(options, path), expected);
  });
}

test("redirects stay below the mount and at home, for any path", async () => {
  const app = dispatch({ "/base": serveStatic({ "/files": new Memory(files) })(fallback) })(
    fallback,
  );
  const part = fc.constantFrom(
    "/",
    "docs",
    "//",
    "evil.com",
    "%2e%2e",
    "%5c",
    "about.html",
    "?",
    "a:b",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
      const request = new Request("http://host/");
      const url = `http://host/base/files${parts.join("")}`;
      Object.defineProperty(request, "url", { value: url });
      const location = (await app(request)).headers.get("location");
      if (location === null) return;
      const to = new URL(location, url);
      assert.equal(to.host, "host");
      assert.ok(to.pathname.startsWith("/base/files"), to.href);
    }),
    { numRuns: 300 },
  );
  const mounted = await app(new Request("http://host/base/files?q"));
  assert.equal(mounted.headers.get("location"), "./files/?q");
});

test("redirects escape characters that a host did not escape", async () => {
  const request = new Request("http://host/");
  Object.defineProperty(request, "url", { value: "http://host/docs?ü=😀\ud800 x" });
  const response = await serveStatic({ "/": new Memory(files) })(fallback)(request);
  assert.equal(response.headers.get("location"), "./docs/?%C3%BC=%F0%9F%98%80%EF%BF%BD%20x");
});

test("other methods are not redirected", async () => {
  for (const methodNotAllowed of [true, false]) {
    assert.equal(
      await answer({ methodNotAllowed: methodNotAllowed }, "/docs", { method: "POST" }),
      "418 passed on",
    );
  }
});

test("a directory at the root of a mount redirects to the mount", async () => {
  const app = dispatch({ "/docs": serveStatic({ "/": new Memory(files) })(fallback) })(fallback);
  assert.equal((await app(new Request("http://host/docs"))).headers.get("location"), "./docs/");
  assert.equal(await (await app(new Request("http://host/docs/"))).text(), "home");
});

test("entries that are found and not sent are closed", async () => {
  const source = new Memory(files);
  const app = serveStatic({ "/": source }, { ...clean, trailingSlash: "remove" })(fallback);
  for (const path of ["/docs/", "/about.html", "/about.html/", "/about/"]) {
    await app(new Request(`http://host${path}`));
  }
  // To hide an extension, the shorter path is looked up, too.
  assert.deepEqual([source.opened, source.closed, source.found], [0, 5, 5]);
});
