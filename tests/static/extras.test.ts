/** Digests, dictionaries, preloading, and what is told of answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch } from "../../src/dispatch.ts";
import type { Handler } from "../../src/handler.ts";
import {
  dictionaries,
  memory,
  preload,
  reprDigest,
  type Served,
  serveStatic,
  type ServeStaticOptions,
} from "../../src/static/mod.ts";
import { SourceError } from "../../src/static/source.ts";
import { type Probe, send } from "../support/probe.ts";

const old = "let a = 1; // the old version";
const sha256 = async (text: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const hash = await sha256(old);
const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
const available = `:${base64(hash)}:`;

const source = memory({
  "index.html": "<p>home",
  "404.html": "<p>none",
  "ten.txt": "0123456789",
  "long.txt": "0123456789".repeat(200),
  "app.js": "identity",
  "app.js.br": "brotli",
  [`app.js.${hex}.dcz`]: "delta with zstd",
  "old.js": "identity",
  [`old.js.${hex}.dcb`]: "delta with brotli",
  "secret.key": "k",
  [`secret.key.${hex}.dcb`]: "k",
});
const fallback: Handler = () => new Response("passed on", { status: 418 });
const app = (options: ServeStaticOptions): Handler =>
  serveStatic({ "/": source }, options)(fallback);
const get = (options: ServeStaticOptions, path: string, more: Omit<Probe, "path"> = {}) =>
  send(app(options), { path, ...more });

const digest = { headers: reprDigest, precompressed: ["br"], notFoundPage: "404.html" } as const;
// [why, path, fields, status, the content that is digested]
const digests: readonly (readonly [string, Probe, number, string | null])[] = [
  ["the whole", { path: "/ten.txt" }, 200, "0123456789"],
  ["HEAD", { path: "/ten.txt", method: "HEAD" }, 200, "0123456789"],
  ["a range", { path: "/ten.txt", fields: { range: "bytes=0-1" } }, 206, "0123456789"],
  [
    "a range that If-Range forbids",
    { path: "/ten.txt", fields: { range: "bytes=0-1", "if-range": '"x"' } },
    200,
    "0123456789",
  ],
  ["a coding", { path: "/app.js", fields: { "accept-encoding": "br" } }, 200, "brotli"],
  ["wanted", { path: "/ten.txt", fields: { "want-repr-digest": "sha-256=3" } }, 200, "0123456789"],
  ["not wanted", { path: "/ten.txt", fields: { "want-repr-digest": "sha-256=0, a=1" } }, 200, null],
  ["304", { path: "/ten.txt", fields: { "if-none-match": "*" } }, 304, null],
  ["416", { path: "/ten.txt", fields: { range: "bytes=99-" } }, 416, null],
  ["a page for what is missing", { path: "/none" }, 404, null],
];
for (const [why, probe, status, content] of digests) {
  test(`Repr-Digest: ${why}`, async () => {
    const response = await send(app(digest), probe);
    assert.equal(response.status, status);
    const expected = content && `sha-256=:${base64(await sha256(content))}:`;
    assert.equal(response.headers.get("repr-digest"), expected);
    await response.body?.cancel();
  });
}

test("reprDigest: a response that is compressed while it is sent has no digest", async () => {
  const fields = { "accept-encoding": "gzip" };
  const response = await get({ headers: reprDigest, compress: true }, "/long.txt", { fields });
  assert.equal(response.headers.get("content-encoding"), "gzip");
  assert.equal(response.headers.get("repr-digest"), null);
  await response.body?.cancel();
});

const rules = dictionaries({
  "*.js": { match: '/"app"/*.js', matchDest: ["script", "style"], id: "v1" },
  "ten.txt": "*.txt",
});
const delta = { dictionaries: rules, precompressed: ["br"], disallow: "*.key" } as const;
// [why, path, fields, Content-Encoding, content]
const deltas:
  readonly (readonly [string, string, Record<string, string>, string | null, string])[] = [
    ["zstd", "/app.js", { "accept-encoding": "br, dcb, dcz" }, "dcz", "delta with zstd"],
    ["brotli", "/old.js", { "accept-encoding": "br, dcb, dcz" }, "dcb", "delta with brotli"],
    ["none that is accepted", "/app.js", { "accept-encoding": "br, dcb" }, "br", "brotli"],
    ["q-values", "/app.js", { "accept-encoding": "br, dcz;q=0.5" }, "br", "brotli"],
    [
      "another dictionary",
      "/app.js",
      {
        "accept-encoding": "br, dcz",
        "available-dictionary": `:${base64(new Uint8Array(32))}:`,
      },
      "br",
      "brotli",
    ],
    ...["", "x", ":AQI=:", `"${hex}"`, "::", ":*:"].map((field) =>
      [
        `no hash: ${field}`,
        "/app.js",
        { "accept-encoding": "br, dcz", "available-dictionary": field },
        "br",
        "brotli",
      ] as const
    ),
  ];
for (const [why, path, fields, coding, content] of deltas) {
  test(`a delta: ${why}`, async () => {
    const response = await get(delta, path, {
      fields: { "available-dictionary": available, ...fields },
    });
    assert.equal(response.headers.get("content-encoding"), coding);
    assert.equal(response.headers.get("vary"), "accept-encoding, available-dictionary");
    assert.equal(response.headers.get("content-type"), "text/javascript; charset=utf-8");
    if (coding?.startsWith("dc")) {
      assert.match(response.headers.get("etag") ?? "", new RegExp(`-${coding}"$`));
    }
    assert.equal(await response.text(), content);
  });
}

test("dictionaries: files are announced by rule, only with 200", async () => {
  const use = async (path: string, fields = {}): Promise<string | null> =>
    (await get(delta, path, { fields })).headers.get("use-as-dictionary");
  assert.equal(
    await use("/app.js"),
    'match="/\\"app\\"/*.js", match-dest=("script" "style"), id="v1"',
  );
  assert.equal(await use("/ten.txt"), 'match="*.txt"');
  assert.equal(await use("/long.txt"), null);
  assert.equal(await use("/ten.txt", { range: "bytes=0-1" }), null);
  assert.equal(await use("/ten.txt", { "if-none-match": "*" }), null);
});

test("dictionaries: the access rules of a file apply to its deltas", async () => {
  assert.equal((await get(delta, `/secret.key.${hex}.dcb`)).status, 418);
  const isAllowed = (path: string): boolean => path !== "secret.key";
  assert.equal(
    (await get({ dictionaries: rules, isAllowed }, `/secret.key.${hex}.dcb`)).status,
    418,
  );
});

for (const rule of ["", "/(a|b)", "ü", { match: "/x", id: "x".repeat(1025) }]) {
  test(`dictionaries refuse ${JSON.stringify(rule).slice(0, 30)}`, () => {
    assert.throws(
      () => dictionaries({ "*.js": rule }),
      /TypeError: dictionaries: "\*.js": (?:match|id) is .*; give/,
    );
  });
}

test("preload: pages have Link headers with URLs below their mount", async () => {
  const manifest = {
    "index.html": {
      file: "assets/ü.js",
      css: ["assets/a.css"],
      imports: ["_shared.js"],
      isEntry: true,
    },
    "_shared.js": { file: "assets/shared.js", css: ["assets/a.css"], imports: ["index.html"] },
    "404.html": ["font.woff2"],
  };
  const hooks = { headers: [preload(manifest)], spa: true } as const;
  const files = serveStatic({ "/site": source }, hooks)(fallback);
  const nested = dispatch({ "/base>": files })(fallback);
  const links = "</base%3E/site/assets/%C3%BC.js>; rel=modulepreload, " +
    "</base%3E/site/assets/a.css>; rel=preload; as=style, " +
    "</base%3E/site/assets/shared.js>; rel=modulepreload";
  const navigate = { "sec-fetch-mode": "navigate" };
  for (const path of ["/base>/site/", "/base%3E/site/index.html", "/base>/site/some/route"]) {
    const response = await send(nested, { path, fields: navigate });
    assert.deepEqual([response.status, response.headers.get("link")], [200, links], path);
  }
  assert.equal((await send(files, { path: "/site/ten.txt" })).headers.get("link"), null);
  assert.equal(
    (await send(files, { path: "/site/404.html" })).headers.get("link"),
    "</site/font.woff2>; rel=preload; as=font; crossorigin",
  );
  for (const file of ["/app.js", "notes.txt"]) {
    assert.throws(
      () => preload({ "index.html": [file] }),
      /TypeError: preload: a file is .*; give a path below/,
    );
  }
});

test("onServe: called for each response, and not for requests that are passed on", async () => {
  const told: Partial<Served>[] = [];
  const onServe = ({ request, ...served }: Served): void => {
    assert.ok(request instanceof Request);
    told.push(served);
  };
  const options = {
    onServe,
    listing: true,
    notFoundPage: "404.html",
    precompressed: ["br"],
    compress: true,
  } as const;
  const tell = async (path: string, fields = {}, method = "GET"): Promise<Partial<Served>> => {
    const response = await get(options, path, { fields, method });
    await response.body?.cancel();
    return told.pop() ?? {};
  };
  const whole = { coding: "identity", range: undefined, inMemory: true };
  assert.deepEqual(await tell("/ten.txt"), { ...whole, status: 200, path: "ten.txt", bytes: 10 });
  assert.deepEqual(await tell("/"), { ...whole, status: 200, path: "index.html", bytes: 7 });
  assert.deepEqual(await tell("/app.js", { "accept-encoding": "br" }), {
    ...whole,
    status: 200,
    path: "app.js",
    bytes: 6,
    coding: "br",
  });
  assert.equal((await tell("/long.txt", { "accept-encoding": "gzip" })).bytes, undefined);
  const head = await tell("/ten.txt", {}, "HEAD");
  assert.deepEqual([head.status, head.bytes], [200, 0]);
  const part = await tell("/ten.txt", { range: "bytes=2-4" });
  assert.deepEqual([part.status, part.bytes, part.range], [206, 3, "bytes 2-4/10"]);
  assert.equal((await tell("/long.txt", { range: "bytes=0-1,900-901" })).range, "multipart");
  for (
    const [path, fields, status] of [
      ["/ten.txt", { "if-none-match": "*" }, 304],
      ["/ten.txt", { "if-match": '"x"' }, 412],
      ["/ten.txt", { range: "bytes=99-" }, 416],
      ["/ten.txt", { "accept-encoding": "*;q=0" }, 406],
      ["/none", {}, 404],
    ] as const
  ) assert.equal((await tell(path, fields)).status, status);
  const none = { coding: "identity", range: undefined, inMemory: false, bytes: 0 };
  const folder = memory({ "ü/x": "x" });
  const listing = serveStatic({ "/a": folder }, { listing: true, onServe })(fallback);
  await send(listing, { path: "/a/%C3%BC" });
  assert.deepEqual(told.pop(), { ...none, status: 308, path: "ü" });
  assert.deepEqual(await tell("/ten.txt", {}, "POST"), {});
});

test("onServe: called for the response to a storage failure", async () => {
  const told: string[] = [];
  const onServe = ({ status, path, bytes }: Served): void =>
    void told.push(`${status} ${path} ${bytes}`);
  const find = (): never => {
    throw new SourceError(504, "the disk is late");
  };
  const app = serveStatic({ "/a": { find } }, { onServe })(fallback);
  const response = await send(app, { path: "/a/x.txt" });
  assert.deepEqual([response.status, response.headers.get("cache-control")], [504, "no-store"]);
  assert.ok(!(await response.text()).includes("disk"));
  assert.deepEqual(told, ["504 x.txt undefined"]);
});

test("headers: hooks run for each response, and cannot make errors and fallbacks fresh", async () => {
  const seen: string[] = [];
  const options: ServeStaticOptions = {
    headers: [
      (path, fields, { status, base }) => {
        seen.push(`${status} ${base} ${path}`);
        fields.set("cache-control", "public, immutable");
      },
      (_, fields) => fields.set("access-control-allow-origin", "*"),
    ],
    spa: true,
    notFoundPage: "404.html",
  };
  const navigate = { "sec-fetch-mode": "navigate" };
  for (
    const [path, fields, status, policy] of [
      ["/ten.txt", {}, 200, "public, immutable"],
      ["/ten.txt", { "if-none-match": "*" }, 304, "public, immutable"],
      ["/ten.txt", { range: "bytes=0-1" }, 206, "public, immutable"],
      ["/ten.txt", { range: "bytes=99-" }, 416, "no-store"],
      ["/ten.txt", { "if-match": '"x"' }, 412, "no-store"],
      ["/missing.js", {}, 404, "no-store"],
      ["/route", navigate, 200, "no-cache"],
    ] as const
  ) {
    const { headers, ...response } = await get(options, path, { fields }).then((response) => ({
      status: response.status,
      headers: response.headers,
    }));
    assert.deepEqual([response.status, headers.get("cache-control")], [status, policy]);
    assert.equal(headers.get("access-control-allow-origin"), "*");
  }
  assert.deepEqual(seen.slice(-2), ["404  404.html", "200  index.html"]);
});

test("Vary: every status of a negotiated URL has it", async () => {
  const options = { precompressed: ["br"], spa: true, notFoundPage: "404.html" } as const;
  const navigate = { "sec-fetch-mode": "navigate" };
  for (
    const [path, fields, status, vary] of [
      ["/app.js", {}, 200, "accept-encoding"],
      ["/app.js", { "accept-encoding": "br" }, 200, "accept-encoding"],
      ["/app.js", { range: "bytes=0-1" }, 206, "accept-encoding"],
      ["/app.js", { range: "bytes=99-" }, 416, "accept-encoding"],
      ["/app.js", { "if-none-match": "*" }, 304, "accept-encoding"],
      ["/app.js", { "if-match": '"x"' }, 412, "accept-encoding"],
      ["/app.js", { "accept-encoding": "*;q=0" }, 406, "accept-encoding"],
      ["/route", navigate, 200, "accept-encoding, accept, sec-fetch-dest"],
      ["/missing.js", {}, 404, "accept-encoding"],
    ] as const
  ) {
    const response = await get(options, path, { fields });
    assert.deepEqual([response.status, response.headers.get("vary")], [status, vary], path);
    await response.body?.cancel();
  }
});

test("Vary: 406 has Accept-Encoding, also if there is only one coding", async () => {
  const refused = await get({}, "/ten.txt", { fields: { "accept-encoding": "identity;q=0" } });
  assert.deepEqual([refused.status, refused.headers.get("vary")], [406, "accept-encoding"]);
});

test("412 and 416 have the validators, and no metadata", async () => {
  const fields = async (fields: Record<string, string>): Promise<string[]> => [
    ...(await get({}, "/ten.txt", { fields })).headers.keys(),
  ];
  assert.deepEqual(await fields({ "if-match": '"x"' }), [
    "cache-control",
    "etag",
    "x-content-type-options",
  ]);
  assert.deepEqual(await fields({ range: "bytes=99-" }), [
    "accept-ranges",
    "cache-control",
    "content-range",
    "etag",
    "x-content-type-options",
  ]);
});

test("fallbacks have codings, and the headers of untrusted files", async () => {
  const pages = memory({ "index.html": "<p>", "index.html.br": "brotli" });
  const app = serveStatic({ "/": pages }, {
    notFoundPage: "index.html",
    untrusted: true,
    precompressed: ["br"],
  })(
    fallback,
  );
  const response = await send(app, { path: "/none", fields: { "accept-encoding": "br" } });
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("content-security-policy"), "sandbox; default-src 'none'");
  assert.equal(response.headers.get("content-encoding"), "br");
  assert.equal(await response.text(), "brotli");
});

test("HEAD has the headers of GET, for every status", async () => {
  const options = {
    precompressed: ["br"],
    compress: true,
    notFoundPage: "404.html",
    spa: "app.js",
    listing: true,
    headers: reprDigest,
    index: "none",
  } as const;
  const navigate = { "sec-fetch-mode": "navigate" };
  for (
    const [path, fields] of [
      ["/ten.txt", {}],
      ["/app.js", { "accept-encoding": "br" }],
      ["/long.txt", { "accept-encoding": "gzip" }],
      ["/ten.txt", { "if-none-match": "*" }],
      ["/ten.txt", { "if-match": '"x"' }],
      ["/ten.txt", { "accept-encoding": "*;q=0" }],
      ["/none", {}],
      ["/route", navigate],
      ["/", { accept: "application/json" }],
      ["/", {}],
    ] as const
  ) {
    const [head, whole] = await Promise.all(
      ["HEAD", "GET"].map((method) => get(options, path, { fields, method })),
    );
    const lines = ({ headers }: Response): string[] =>
      [...headers].filter(([name]) => name !== "expires") // a second may end between the two
        .map(([name, value]) => `${name}: ${value.replace(/nonce-[^']+/, "nonce")}`);
    assert.ok(head && whole);
    assert.deepEqual([head.status, ...lines(head)], [whole.status, ...lines(whole)]);
    assert.equal(head.headers.has("expires"), whole.headers.has("expires"));
    assert.equal(await head.text(), "");
    await whole.body?.cancel();
  }
});
