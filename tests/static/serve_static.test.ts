import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, type Handler, serveStatic, type ServeStaticOptions } from "handwerk";
import { Memory } from "../support/memory.ts";

const lastModified = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const memory = (): Memory =>
  new Memory({
    "hello.txt": { text: "hello", etag: '"h1"', lastModified },
    "page.html": { text: "<p>ü</p>" },
    "app.js": { text: "1" },
    "data.json": { text: "{}" },
    "unknown.xyzzy": { text: "?" },
    "html": { text: "no extension" },
    "typed": { text: "x", type: "image/png" },
    "grüße.txt": { text: "gruß" },
    "a#b%c+d.txt": { text: "odd" },
    "sub/deep.txt": { text: "deep" },
    "sub/secret.key": { text: "k" },
    "private/x.txt": { text: "p" },
    ".env": { text: "SECRET" },
    ".well-known/security.txt": { text: "Contact" },
    "sub/.git/config": { text: "[core]" },
  });
const fallback: Handler = (request) => new Response(`${request.method} passed on`, { status: 418 });
const app = (options?: ServeStaticOptions, prefix = "/"): Handler =>
  serveStatic([[prefix, memory()]], options)(fallback);
const get = async (app: Handler, path: string, init?: RequestInit): Promise<Response> =>
  await app(new Request(`http://host${path}`, init));

test("200 has the headers of the file", async () => {
  const before = Date.now();
  const response = await get(app(), "/hello.txt");
  assert.equal(response.status, 200);
  const { expires, ...fields } = Object.fromEntries(response.headers);
  assert.deepEqual(fields, {
    "accept-ranges": "bytes",
    "cache-control": "public, max-age=43200",
    "content-length": "5",
    "content-type": "text/plain; charset=utf-8",
    "etag": '"h1"',
    "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
    "x-content-type-options": "nosniff",
  });
  const fresh = Date.parse(expires ?? "") - before;
  assert.ok(fresh > 43_190_000 && fresh < 43_210_000, expires);
  assert.equal(await response.text(), "hello");
});

// [path, status, what the content starts with]
const paths: readonly (readonly [string, number, string])[] = [
  ["/sub/deep.txt", 200, "deep"],
  ["/hello.txt?v=1", 200, "hello"],
  ["/h%65llo.txt", 200, "hello"],
  ["/gr%C3%BC%C3%9Fe.txt", 200, "gruß"],
  ["/a%23b%25c+d.txt", 200, "odd"],
  ["/a%23b%25c%2Bd.txt", 200, "odd"],
  ["/.well-known/security.txt", 200, "Contact"],
  ["/missing", 418, "GET passed on"],
  ["/", 418, "GET passed on"],
  ["/sub", 418, "GET"],
  ["/sub/", 418, "GET"],
  ["/hello.txt/", 418, "GET"],
  ["//hello.txt", 418, "GET"],
  ["/sub//deep.txt", 418, "GET"],
  ["/sub%2fdeep.txt", 418, "GET"],
  ["/sub%5cdeep.txt", 418, "GET"],
  ["/sub%252fdeep.txt", 418, "GET"],
  ["/.env", 418, "GET"],
  ["/%2eenv", 418, "GET"],
  ["/sub/.git/config", 418, "GET"],
  ["/%00", 418, "GET"],
  ["/%ff", 418, "GET"],
  ["/CON", 418, "GET"],
  ["/hello.txt::$DATA", 418, "GET"],
  ["/%", 400, "Bad Request"],
  ["/%zz", 400, "Bad Request"],
];
for (const [path, status, start] of paths) {
  test(`GET ${path} is ${status}`, async () => {
    const response = await get(app(), path);
    assert.equal(response.status, status);
    assert.ok((await response.text()).startsWith(start));
  });
}

test("media types", async () => {
  const types = {
    "page.html": "text/html; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "data.json": "application/json",
    "unknown.xyzzy": "text/plain; charset=utf-8",
    "html": "text/plain; charset=utf-8",
    "typed": "image/png",
  };
  for (const [name, type] of Object.entries(types)) {
    assert.equal((await get(app(), `/${name}`)).headers.get("content-type"), type);
  }
  const binary = app({ fallbackMimetype: "application/octet-stream" });
  const { headers } = await get(binary, "/unknown.xyzzy");
  assert.equal(headers.get("content-type"), "application/octet-stream");
});

test("HEAD has the headers of GET, and no body", async () => {
  const source = memory();
  const app = serveStatic([["/", source]])(fallback);
  const head = await get(app, "/hello.txt", { method: "HEAD" });
  const [headFields, getFields] = [head, await get(app, "/hello.txt")].map(({ headers }) =>
    [...headers].filter(([name]) => name !== "expires")
  );
  assert.deepEqual(headFields, getFields);
  assert.equal(await head.text(), "");
  assert.deepEqual([source.opened, source.closed], [1, 1]);
});

test("other methods are passed on", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
    assert.equal(await (await get(app(), "/hello.txt", { method })).text(), `${method} passed on`);
  }
});

test("304 has only the caching headers", async () => {
  const source = memory();
  const app = serveStatic([["/", source]])(fallback);
  for (
    const headers of [{ "if-none-match": '"h1"' }, {
      "if-modified-since": "Fri, 02 Jan 2026 03:04:05 GMT",
    }]
  ) {
    const response = await get(app, "/hello.txt", { headers });
    assert.equal(response.status, 304);
    assert.deepEqual([...response.headers.keys()], ["cache-control", "etag", "expires"]);
    assert.equal(await response.text(), "");
  }
  assert.deepEqual([source.opened, source.closed], [0, 2]);
});

test("412 if a precondition fails; the file is closed", async () => {
  const source = memory();
  const app = serveStatic([["/", source]])(fallback);
  const response = await get(app, "/hello.txt", { headers: { "if-match": '"other"' } });
  assert.equal(response.status, 412);
  assert.deepEqual([source.opened, source.closed], [0, 1]);
});

test("preconditions: a request that is passed on does not get 304", async () => {
  const response = await get(app(), "/missing", { headers: { "if-none-match": "*" } });
  assert.equal(response.status, 418);
});

test("cacheTimeout and cache: false", async () => {
  const short = await get(app({ cacheTimeout: 60 }), "/hello.txt");
  assert.equal(short.headers.get("cache-control"), "public, max-age=60");
  const never = await get(app({ cache: false }), "/hello.txt", {
    headers: { "if-none-match": '"h1"' },
  });
  assert.equal(never.status, 200);
  assert.equal(never.headers.get("cache-control"), "no-store");
  assert.equal(never.headers.get("last-modified"), null);
  assert.equal(never.headers.get("etag"), null);
  assert.equal(never.headers.get("expires"), null);
});

// [disallow, path, status]
const disallowed: readonly (readonly [string | string[], string, number])[] = [
  ["*.key", "/sub/secret.key", 418],
  ["*.key", "/sub/SECRET.KEY", 418],
  ["*.KEY", "/sub/secret.key", 418],
  ["*.key", "/sub/secret%2Ekey", 418],
  ["*.key", "/hello.txt", 200],
  ["private", "/private/x.txt", 418],
  ["pri*", "/private/x.txt", 418],
  ["sub/**", "/sub/deep.txt", 418],
  ["sub/*", "/hello.txt", 200],
  ["/sub/**", "/sub/deep.txt", 418],
  [["*.js", "*.json"], "/data.json", 418],
  [["*.js", "*.json"], "/hello.txt", 200],
  ["grüße.*", "/gru%CC%88%C3%9Fe.txt", 418],
  [[], "/hello.txt", 200],
];
for (const [disallow, path, status] of disallowed) {
  test(`disallow ${JSON.stringify(disallow)}: ${path} is ${status}`, async () => {
    assert.equal((await get(app({ disallow }), path)).status, status);
  });
}

test("disallow: a disallowed file is not looked up", async () => {
  const source = memory();
  await get(serveStatic([["/", source]], { disallow: "*.key" })(fallback), "/sub/secret.key");
  assert.deepEqual(source.asked, []);
});

test("a prefix ends where a segment ends", async () => {
  const shared = app({}, "/shared");
  assert.equal((await get(shared, "/shared/hello.txt")).status, 200);
  assert.equal((await get(shared, "/sharedhello.txt")).status, 418);
  assert.equal((await get(shared, "/shared-secret/hello.txt")).status, 418);
  assert.equal((await get(shared, "/hello.txt")).status, 418);
  assert.equal((await get(shared, "/%73hared/hello.txt")).status, 200);
});

test("a prefix is text, not a pattern", async () => {
  assert.equal((await get(app({}, "/a.c(d"), "/a.c(d/hello.txt")).status, 200);
  assert.equal((await get(app({}, "/a.c"), "/abc/hello.txt")).status, 418);
});

test("304 has Last-Modified if there is no ETag", async () => {
  const app = serveStatic({ "/": new Memory({ x: { text: "x", lastModified } }) })(fallback);
  const response = await get(app, "/x", { headers: { "if-none-match": "*" } });
  assert.deepEqual([response.status, response.headers.get("last-modified")], [
    304,
    "Fri, 02 Jan 2026 03:04:05 GMT",
  ]);
});

test("the first export that has the file answers", async () => {
  const first = new Memory({ "x.txt": { text: "first" } });
  const second = new Memory({ "x.txt": { text: "second" }, "y.txt": { text: "second" } });
  const list = serveStatic([["/", first], ["/", second]])(fallback);
  assert.equal(await (await get(list, "/x.txt")).text(), "first");
  assert.equal(await (await get(list, "/y.txt")).text(), "second");
  const map = serveStatic({ "/deep": first, "/": second })(fallback);
  assert.equal(await (await get(map, "/deep/x.txt")).text(), "first");
});

test("an exported file only answers for its prefix", async () => {
  const app = serveStatic({
    "/logo": new Memory({ "": { text: "logo", type: "image/png" } }),
  })(fallback);
  assert.equal(await (await get(app, "/logo")).text(), "logo");
  assert.equal((await get(app, "/logo/x")).status, 418);
});

test("below a mount, exports are relative to it", async () => {
  const app = dispatch({
    "/site": serveStatic([["/files", memory()]])((request) => new Response(request.url)),
  })(fallback);
  assert.equal(await (await get(app, "/site/files/hello.txt")).text(), "hello");
  assert.equal(await (await get(app, "/site/other?q")).text(), "http://host/other?q");
});

test("Last-Modified: a time in the future is replaced by now; no validators without metadata", async () => {
  const source = new Memory({
    future: { text: "x", lastModified: Date.now() + 1e9 },
    plain: { text: "x" },
  });
  const app = serveStatic([["/", source]])(fallback);
  const { headers } = await get(app, "/future");
  assert.ok(Date.parse(headers.get("last-modified") ?? "") <= Date.now());
  const plain = (await get(app, "/plain")).headers;
  assert.equal(plain.get("last-modified"), null);
  assert.equal(plain.get("etag"), null);
});

test("a prefix may have spaces and letters of any language", async () => {
  for (const prefix of ["/my files", "/my%20files", "/my files/"]) {
    const response = await get(app({}, prefix), "/my%20files/gr%C3%BC%C3%9Fe.txt");
    assert.equal(await response.text(), "gruß", prefix);
  }
});

test("a single export is for every path", async () => {
  for (const exported of [memory(), (): Memory => memory()]) {
    const app = serveStatic(exported)(fallback);
    assert.equal(await (await get(app, "/hello.txt")).text(), "hello");
    assert.equal(await (await get(app, "/sub/deep.txt")).text(), "deep");
  }
});

test("a storage failure rejects, and is not a 404", async () => {
  const broken = serveStatic([["/", { find: () => Promise.reject(new Error("disk")) }]])(fallback);
  await assert.rejects(get(broken, "/x"), /disk/);
});

for (
  const [build, message] of [
    [
      () => serveStatic({ shared: memory() } as never),
      /serveStatic: the export "shared" must start with/,
    ],
    [() => serveStatic({ "/a/../b": memory() }), /"\/a\/..\/b" must be a path without/],
    [() => serveStatic({ "/a/:file": memory() }), /"\/a\/:file" is a pattern; write "\/a"/],
    [
      () => serveStatic(new URL("http://h/")),
      /the export "\/": the path is "http:\/\/h\/"; give a path or a file: URL/,
    ],
    [() => serveStatic(null as never), /the export "\/" is null; give a path such as ".\/public"/],
    [() => serveStatic(5 as never), /the export "\/" is 5; give a path such as/],
    [() => serveStatic([["/", memory()], "x"] as never), /an export is "x"; give a pair/],
    [() => serveStatic([[5, memory()]] as never), /the prefix of an export is 5; give a path/],
    [() => serveStatic({ "/a": "" }), /the export "\/a" is ""; give a path/],
    [() => serveStatic({ "/a": 3 as unknown as string }), /the export "\/a" is 3; give a path/],
    [() => serveStatic({ "/a": undefined as unknown as string }), /the export "\/a" is undefined/],
    [
      () => serveStatic({ "/a": ["x"] as never }),
      /the export "\/a": the folder is undefined; give a folder/,
    ],
    [() => serveStatic({}, { cacheTimeout: -1 }), /cacheTimeout is -1; give whole seconds/],
    [() => serveStatic({}, { cacheTimeout: 0.5 }), /cacheTimeout/],
    [
      () => serveStatic({}, { fallbackMimetype: "text" }),
      /fallbackMimetype is "text"; give a media type/,
    ],
    [() => serveStatic({}, { fallbackMimetype: "a/b\r\nx: y" }), /fallbackMimetype/],
    [() => serveStatic({}, { disallow: "" }), /disallow is ""; give a glob/],
    [
      () => serveStatic({}, { mimeTypes: [] as never }),
      /mimeTypes is a list; give an object/,
    ],
    [() => serveStatic({}, { mimeTypes: { "tar.gz": "a/b" } }), /mimeTypes has "tar.gz"; give one/],
    [() => serveStatic({}, { mimeTypes: { ts: "text" } }), /mimeTypes.ts is "text"; give a media/],
    [() => serveStatic({}, { mimeTypes: { ts: "a/b\r\nx: y" } }), /mimeTypes.ts is /],
    [
      () => serveStatic({}, { cache: 1 as unknown as boolean }),
      /cache is 1; give true, false, "auto"/,
    ],
    [
      () => serveStatic({}, { cache: { a: 1 } as never }),
      /cache is an object; give .* Cache-Control values by glob/,
    ],
    [
      () => serveStatic({}, { dotfiles: "hide" as "deny" }),
      /dotfiles is "hide"; give "ignore", "allow" or "deny"/,
    ],
    [
      () => serveStatic({}, { trailingSlash: "on" as "add" }),
      /trailingSlash is "on"; give "add", "remove" or "ignore"/,
    ],
    [() => serveStatic({}, { index: "a/b" }), /index is "a\/b"; give a name without slashes/],
    [() => serveStatic({}, { extensions: ["../x"] }), /extensions\[0\] is "..\/x"; give a name/],
    [
      () => serveStatic({}, { precompressed: ["deflate" as "br"] }),
      /precompressed\[0\] is "deflate"; give "br", "zstd" or "gzip"/,
    ],
    [
      () => serveStatic({}, { spa: "../index.html" }),
      /spa is "..\/index.html"; give true, false or a path/,
    ],
    [() => serveStatic({}, { notFoundPage: ".." }), /notFoundPage is ".."; give a name/],
    [() => serveStatic({}, { headers: {} as never }), /headers is an object; give a function/],
    [() => serveStatic({}, { untrusted: 1 as never }), /untrusted is 1; give true or false/],
  ] as const
) {
  test(`serveStatic refuses with ${message}`, () => {
    assert.throws(
      build,
      (error: Error) => error instanceof TypeError && message.test(error.message),
    );
  });
}
