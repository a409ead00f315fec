/** Paths that are led to shorter ones, and names with a colon. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, type Handler, memory, serveStatic, type ServeStaticOptions } from "handwerk";

const source = memory({
  "index.html": "home",
  "about.html": "about",
  "home.htm": "other home",
  "docs/index.html": "docs",
  "a,b;ü/index.html": "odd",
  "two/main.html": "main",
  "two/index.html": "second",
  "both.html": "page",
  "both.txt": "text",
  "folder.html": "beside a folder",
  "folder/index.html": "in a folder",
  "Talk:Main.html": "talk",
  "a:b/c:d.txt": "colons",
  "a:b/index.html": "index",
  "Talk:404.html": "none",
});
const fallback: Handler = () => new Response("passed on", { status: 418 });
const answer = async (options: ServeStaticOptions, path: string): Promise<string> => {
  const response = await serveStatic({ "/": source }, options)(fallback)(
    new Request(`http://host${path}`),
  );
  const location = response.headers.get("location");
  return `${response.status} ${location ?? await response.text()}`;
};

const hide = { hideIndex: true } as const;
const clean = { extensions: ["html"], hideExtensions: true } as const;
// [options, path, what is answered]
const cases: readonly (readonly [ServeStaticOptions, string, string])[] = [
  [{}, "/index.html", "200 home"],
  [hide, "/index.html", "308 ./"],
  [hide, "/index.html?a=1&b", "308 ./?a=1&b"],
  [hide, "/docs/index.html", "308 ./"],
  [hide, "/docs/", "200 docs"],
  [hide, "/about.html", "200 about"],
  [{ ...hide, index: ["main.html", "index.html"] }, "/two/index.html", "200 second"],
  [{ ...hide, index: ["main.html", "index.html"] }, "/two/main.html", "308 ./"],
  [{ ...hide, index: ["main.html", "index.html"] }, "/docs/index.html", "308 ./"],
  [{ ...hide, index: false }, "/index.html", "200 home"],
  [{ ...hide, disallow: "index.html" }, "/index.html", "418 passed on"],
  [{ ...hide, trailingSlash: "remove" }, "/index.html", "308 ./"],
  [{ ...hide, trailingSlash: "remove" }, "/docs/index.html?q", "308 ../docs?q"],
  [{ ...hide, trailingSlash: "remove" }, "/a,b;%C3%BC/index.html", "308 ../a,b;%C3%BC"],
  [{ ...hide, trailingSlash: "ignore" }, "/docs/index.html", "308 ./"],
  [{ ...hide, extensions: ["html"] }, "/docs/index", "308 ./"],
  [{ ...hide, extensions: ["html"], trailingSlash: "ignore" }, "/docs/index/", "200 docs"],
  [clean, "/index.html", "308 ./"],
  [clean, "/docs/index.html?q", "308 ./?q"],
  [clean, "/docs/index", "308 ./"],
  [clean, "/index", "308 ./"],
  [clean, "/about.html", "308 ./about"],
  [clean, "/about", "200 about"],
  [clean, "/home.htm", "200 other home"],
  [{ ...clean, index: "home.htm" }, "/home.htm", "200 other home"],
  [{ ...clean, index: "home.htm" }, "/index.html", "308 ./index"],
  [{ ...clean, extensions: ["txt", "html"] }, "/both.txt", "308 ./both"],
  [{ ...clean, extensions: ["txt", "html"] }, "/both.html", "200 page"],
  [clean, "/folder.html", "200 beside a folder"],
  [{}, "/Talk:Main.html", "418 passed on"],
  [{ colons: true }, "/Talk:Main.html", "200 talk"],
  [{ colons: true }, "/Talk%3AMain.html", "200 talk"],
  [{ colons: true }, "/a:b/c:d.txt", "200 colons"],
  [{ colons: true }, "/a:b", "308 ./a:b/"],
  [{ colons: true, trailingSlash: "remove" }, "/a:b/", "308 ../a:b"],
  [{ ...clean, colons: true }, "/Talk:Main.html", "308 ./Talk:Main"],
  [{ ...hide, colons: true, trailingSlash: "remove" }, "/a:b/index.html", "308 ../a:b"],
  [{ colons: true, disallow: "c:*" }, "/a:b/c:d.txt", "418 passed on"],
  [{ colons: true, notFoundPage: "404.html" }, "/a:b/none", "418 passed on"],
  [{ colons: true }, "/C:%5Cx", "418 passed on"],
];
for (const [options, path, expected] of cases) {
  test(`${JSON.stringify(options)} ${path}: ${expected}`, async () => {
    assert.equal(await answer(options, path), expected);
  });
}

test("redirects lead to the requested file", async () => {
  for (const trailingSlash of ["add", "remove", "ignore"] as const) {
    for (const extensions of [["html"], ["txt", "html"], []]) {
      const options = { hideExtensions: true, hideIndex: true, colons: true, extensions };
      const app = dispatch({
        "/m": serveStatic({ "/x": source }, { ...options, trailingSlash })(fallback),
      })(fallback);
      for (const path of ["index.html", "about.html", "docs/index.html", "two/main.html"]) {
        const plain = serveStatic({ "/x": source })(fallback);
        const expected = await (await plain(new Request(`http://host/x/${path}`))).text();
        let url = `http://host/m/x/${path}`;
        let response = await app(new Request(url));
        for (let hops = 0; response.status === 308 && hops < 3; hops++) {
          url = new URL(response.headers.get("location") ?? "", url).href;
          response = await app(new Request(url));
        }
        assert.equal(await response.text(), expected, `${path} is at ${url}`);
      }
    }
  }
});

test("listing: names with a colon are listed if they are served", async () => {
  const names = async (colons: boolean): Promise<string[]> => {
    const app = serveStatic({ "/": source }, { listing: true, index: false, colons })(fallback);
    const headers = { accept: "application/json" };
    const response = await app(new Request("http://host/a:b/", { headers }));
    if (response.status !== 200) return [];
    return (await response.json() as { name: string }[]).map(({ name }) => name);
  };
  assert.deepEqual(await names(true), ["c:d.txt", "index.html"]);
  assert.deepEqual(await names(false), []);
});
