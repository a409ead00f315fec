/** What is never served is not served under the name of a link either. */
import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  directory,
  type Handler,
  memory,
  overlay,
  serveStatic,
  type ServeStaticOptions,
  type Source,
} from "handwerk";
import { temporary } from "../support/temp.ts";

const root = temporary({
  "www/plain.txt": "plain",
  "www/page.js": "identity",
  "www/.env": "SECRET",
  "www/server.key": "SECRET",
  "www/private/x.txt": "SECRET",
  "www/private/index.html": "SECRET",
  "www/drafts/deep/x.txt": "SECRET",
  "www/.git/config": "config",
  "www/.git/.hidden": "SECRET",
  "www/.worktrees/1/index.html": "release",
  "www/..data/site.html": "site",
  "www/sub/plain.txt": "plain",
  "outside/x.key": "SECRET",
  "outside/.env": "SECRET",
  "outside/x.txt": "outside",
});
const www = join(root, "www");
const LINKS: Readonly<Record<string, string>> = {
  "public.txt": ".env",
  "k.txt": "server.key",
  "twice.txt": "k.txt",
  "pub": "private",
  "into.txt": "private/x.txt",
  "published": "drafts",
  "page.js.br": "server.key",
  "sub/index.html": "../server.key",
  "404.html": ".env",
  "app.html": ".env",
  "short.html": ".env",
  "git": ".git",
  "current": ".worktrees/1",
  "site.html": "..data/site.html",
  "data": "..data",
  "alias.txt": "plain.txt",
  "alias": "sub",
  "o.txt": "../outside/x.key",
  "e.txt": "../outside/.env",
  "out": "../outside",
};
for (const [name, to] of Object.entries(LINKS)) symlinkSync(to, join(www, name));

const options = {
  disallow: ["*.key", "PRIVATE", "drafts/**"],
  precompressed: ["br"],
  extensions: ["html"],
  listing: true,
} as const;
const fallback: Handler = () => new Response("passed on", { status: 418 });
const seen = async (app: Handler, path: string, init?: RequestInit): Promise<string> => {
  const response = await app(new Request(`http://host${path}`, init));
  return `${response.status} ${await response.text()}`;
};
const json = { headers: { accept: "application/json" } };
const names = async (app: Handler, path: string): Promise<string[]> =>
  (JSON.parse((await seen(app, path, json)).slice(4)) as { name: string }[]).map(({ name }) =>
    name
  );

const sources: Readonly<Record<string, (options: ServeStaticOptions) => string | Source>> = {
  "a path": () => www,
  "a directory": ({ symlinks = "inside", memoryCache: hot = {} }) =>
    directory(www, { symlinks, memoryCache: hot }),
  "an overlay": ({ symlinks = "inside", memoryCache: hot = {} }) =>
    overlay(memory({ "above.txt": "above" }), directory(www, { symlinks, memoryCache: hot })),
};
for (const [name, source] of Object.entries(sources)) {
  for (const hot of [{}, false] as const) {
    const make = (more: ServeStaticOptions = {}): Handler =>
      serveStatic({ "/": source({ memoryCache: hot, ...more }) }, {
        ...options,
        memoryCache: hot,
        ...more,
      })(fallback);
    const kept = hot ? "hot" : "cold";

    test(`${name}, ${kept}: what links lead to is judged by its own name`, async () => {
      const app = make();
      const hidden = ["/public.txt", "/k.txt", "/twice.txt", "/pub/x.txt", "/pub/", "/into.txt"];
      const more = ["/published/deep/x.txt", "/short", "/git/.hidden", "/e.txt", "/o.txt", "/git/"];
      for (let round = 0; round < 2; round++) {
        for (const path of [...hidden, ...more]) {
          assert.equal(await seen(app, path), "418 passed on", path);
        }
        const served = { "/alias.txt": "plain", "/alias/plain.txt": "plain", "/site.html": "site" };
        const through = {
          "/data/site.html": "site",
          "/current/": "release",
          "/git/config": "config",
        };
        for (const [path, text] of Object.entries({ ...served, ...through })) {
          assert.equal(await seen(app, path), `200 ${text}`, path);
        }
        const coded = { headers: { "accept-encoding": "br" } };
        assert.equal(await seen(app, "/page.js", coded), "200 identity");
        assert.deepEqual(await names(app, "/sub/"), ["plain.txt"]);
        assert.deepEqual(await names(app, "/data/"), ["site.html"]);
      }
      const listed = await names(app, "/");
      const above = name === "an overlay" ? ["above.txt"] : [];
      assert.deepEqual(listed.toSorted(), [
        ...above,
        "alias",
        "alias.txt",
        "current",
        "data",
        "page.js",
        "plain.txt",
        "site.html",
        "sub",
      ]);
    });

    test(`${name}, ${kept}: pages that stand in are judged, too`, async () => {
      assert.equal(await seen(make({ notFoundPage: "404.html" }), "/none"), "418 passed on");
      const navigation = { headers: { "sec-fetch-mode": "navigate", accept: "text/html" } };
      assert.equal(await seen(make({ spa: "app.html" }), "/none", navigation), "418 passed on");
    });

    test(`${name}, ${kept}: dotfiles behind links are denied or allowed as those before them`, async () => {
      const deny = make({ dotfiles: "deny" });
      assert.equal(await seen(deny, "/public.txt"), "403 Forbidden");
      assert.equal(await seen(deny, "/git/"), "403 Forbidden");
      assert.equal(await seen(deny, "/k.txt"), "418 passed on");
      const allow = make({ dotfiles: "allow" });
      assert.equal(await seen(allow, "/public.txt"), "200 SECRET");
      assert.deepEqual(await names(allow, "/git/"), [".hidden", "config"]);
      assert.equal(await seen(allow, "/k.txt"), "418 passed on");
    });

    test(`${name}, ${kept}: of what is outside, the last name is judged`, async () => {
      const app = make({ symlinks: "follow" });
      for (const path of ["/o.txt", "/e.txt", "/out/x.key", "/out/.env"]) {
        assert.equal(await seen(app, path), "418 passed on", path);
      }
      assert.equal(await seen(app, "/out/x.txt"), "200 outside");
      assert.deepEqual(await names(app, "/out/"), ["x.txt"]);
    });
  }
}

test("access: both names of an exported link are checked", async () => {
  const exports = {
    "/a": join(www, "alias.txt"),
    "/k": join(www, "k.txt"),
    "/e": join(www, "public.txt"),
  };
  const app = serveStatic(exports, options)(fallback);
  assert.equal(await seen(app, "/a"), "200 plain");
  assert.equal(await seen(app, "/k"), "418 passed on");
  assert.equal(await seen(app, "/e"), "418 passed on");
});
