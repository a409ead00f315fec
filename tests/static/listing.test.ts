import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dispatch,
  type Handler,
  memory,
  notFound,
  overlay,
  serveStatic,
  type ServeStaticOptions,
} from "handwerk";

const odd = `<img src=x onerror=alert(1)>"'&.txt`;
const at = (content: string, time: string) => ({ content, lastModified: new Date(time) });
const source = memory({
  "b10.txt": at("0123456789", "2026-01-02T03:04:05Z"),
  "b9.txt": at("x".repeat(2500), "2026-01-01T03:04:05Z"),
  [odd]: "odd",
  "Zoo/a.txt": "a",
  "Zoo/deep/b.txt": "b",
  "art/index.html": "art",
  "secret.key": "k",
  ".env": "k",
  "private/x.txt": "k",
  "a:b.txt": "no path reaches it",
  "a\ud800.txt": "no path reaches it",
});
const fallback: Handler = () => new Response("passed on", { status: 418 });
const options: ServeStaticOptions = { listing: true, disallow: ["*.key", "private"] };
const get = async (
  path: string,
  init?: RequestInit,
  more: ServeStaticOptions = {},
): Promise<Response> =>
  await serveStatic({ "/files": source }, { ...options, ...more })(fallback)(
    new Request(`http://host${path}`, init),
  );
const names = async (path: string, more?: ServeStaticOptions): Promise<string[]> => {
  const response = await get(path, { headers: { accept: "application/json" } }, more);
  assert.equal(response.headers.get("content-type"), "application/json");
  return (await response.json() as { name: string }[]).map(({ name }) => name);
};

test("listing: a directory without an index, and only names that are served", async () => {
  assert.deepEqual(await names("/files/"), ["art", "Zoo", odd, "b9.txt", "b10.txt"]);
  assert.deepEqual(await names("/files/Zoo/"), ["deep", "a.txt"]);
  assert.equal(await (await get("/files/art/")).text(), "art");
  assert.equal((await get("/files/", {}, { listing: false })).status, 418);
  for (const path of ["/files/private/", "/files/none/", "/files/b9.txt/"]) {
    assert.equal((await get(path)).status, 418, path);
  }
  const dotted = await names("/files/", { dotfiles: "allow" });
  assert.ok(dotted.includes(".env"));
});

test("listing: JSON has types, sizes and times", async () => {
  const response = await get("/files/", { headers: { accept: "application/json" } });
  assert.deepEqual((await response.json() as object[]).filter((_, i) => i === 0 || i === 4), [
    { name: "art", type: "directory" },
    { name: "b10.txt", type: "file", size: 10, modified: "2026-01-02T03:04:05.000Z" },
  ]);
});

// [Accept, what is sent]
const accepted: readonly (readonly [string | undefined, string])[] = [
  [undefined, "text/html; charset=utf-8"],
  ["*/*", "text/html; charset=utf-8"],
  ["application/json", "application/json"],
  ["application/*", "application/json"],
  ["APPLICATION/JSON;q=0.1", "application/json"],
  ["text/html, application/json", "text/html; charset=utf-8"],
  ["application/json, text/html", "text/html; charset=utf-8"],
  ["text/html;q=0.5, application/json", "application/json"],
  ["application/json;q=0.5, text/*;q=0.6", "text/html; charset=utf-8"],
  ["application/json, */*;q=0.1", "application/json"],
  ["application/json;q=0, text/html;q=0", "text/html; charset=utf-8"],
  ["image/png", "text/html; charset=utf-8"],
];
for (const [accept, type] of accepted) {
  test(`Accept: ${accept} lists as ${type}`, async () => {
    const response = await get("/files/", accept === undefined ? {} : { headers: { accept } });
    assert.equal(response.headers.get("content-type"), type);
    assert.equal(response.headers.get("vary"), "accept");
    await response.body?.cancel();
  });
}

test("listing: a long list is cut, and says so", async () => {
  for (const [count, ends] of [[10_000, false], [10_001, true]] as const) {
    const many = Array.from({ length: count }, (_, i) => ({ name: `${i}`, directory: false }));
    const long = { find: () => "directory" as const, list: () => many };
    const app = serveStatic({ "/": long }, { listing: true })(fallback);
    const text = await (await app(new Request("http://host/"))).text();
    assert.equal(text.match(/<tr>/g)?.length, 10_001);
    assert.match(text, ends ? /10,000 files\. There are more/ : /10,000 files<\/p>/);
  }
});

test("listing: sizes are readable", async () => {
  const sizes = { 0: "0 B", 999: "999 B", 1000: "1.0 KB", 9949: "9.9 KB", 12_345: "12 KB" };
  const more = { 999_499: "999 KB", 999_600: "1.0 MB", 123e9: "123 GB", 5e15: "5000 TB" };
  for (const [size, text] of Object.entries({ ...sizes, ...more })) {
    const one = { name: "x", directory: false, size: Number(size) };
    const source = { find: () => "directory" as const, list: () => [one] };
    const app = serveStatic({ "/": source }, { listing: true })(fallback);
    const page = await (await app(new Request("http://host/"))).text();
    assert.ok(page.includes(`<td class="n">${text}</td>`), text);
  }
});

test("listing: the query sorts", async () => {
  const sorts: Record<string, string[]> = {
    "?sort=name&order=desc": ["Zoo", "art", "b10.txt", "b9.txt", odd],
    "?sort=size": ["art", "Zoo", odd, "b10.txt", "b9.txt"],
    "?sort=size&order=desc": ["art", "Zoo", "b9.txt", "b10.txt", odd],
    "?sort=modified&order=desc": ["art", "Zoo", "b10.txt", "b9.txt", odd],
    "?sort=constructor": ["art", "Zoo", odd, "b9.txt", "b10.txt"],
  };
  for (const [query, expected] of Object.entries(sorts)) {
    assert.deepEqual(await names(`/files/${query}`), expected, query);
  }
});

test("listing: the page is escaped, allows no scripts, and has relative links", async () => {
  const response = await get("/files/?sort=size&order=desc");
  const text = await response.text();
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none';/);
  assert.equal(response.headers.get("vary"), "accept");
  assert.equal(response.headers.get("cache-control"), "no-cache");
  assert.ok(text.startsWith("<!DOCTYPE html>") && text.endsWith("</html>"), text);
  assert.ok(!/<img|\\n|undefined/.test(text), text);
  assert.match(text, /&lt;img src=x onerror=alert\(1\)&gt;&quot;&#39;&amp;\.txt/);
  for (const [, href = ""] of text.matchAll(/href="([^"]*)"/g)) {
    assert.match(href, /^(?:\.\/|\.\.\/|\?)/);
  }
  assert.match(text, /aria-sort="descending"/);
  assert.match(text, /2\.5 KB/);
  assert.match(text, /<time datetime="2026-01-02T03:04:05.000Z">2026-01-02 03:04<\/time>/);
});

test("listing: HEAD has only headers, other methods are passed on", async () => {
  const head = await get("/files/", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
  assert.equal((await get("/files/", { method: "POST" })).status, 418);
  assert.equal(
    (await get("/files/", { method: "DELETE" }, { methodNotAllowed: true })).status,
    418,
  );
});

test("listing: a path without a slash is redirected, also below a mount", async () => {
  assert.equal((await get("/files?sort=size")).headers.get("location"), "./files/?sort=size");
  const app = dispatch({ "/m%FF": serveStatic({ "/": source }, options)(fallback) })(fallback);
  const listed = await app(new Request("http://host/m%FF/Zoo/"));
  assert.equal(listed.status, 200);
  assert.match(await listed.text(), /<title>\/m%FF\/Zoo\/<\/title>/);
});

test("listing: an overlay lists the names of all its sources", async () => {
  const both = overlay(
    memory({ "a.txt": "1", "d/x": "1" }),
    memory({ "a.txt": "22", "d/y": "1", "e": "1" }),
  );
  const app = serveStatic({ "/": both }, { listing: true })(fallback);
  const list = async (path: string): Promise<unknown> =>
    (await app(new Request(`http://host${path}`, { headers: { accept: "application/json" } })))
      .json();
  assert.deepEqual(await list("/"), [
    { name: "d", type: "directory" },
    { name: "a.txt", type: "file", size: 1 },
    { name: "e", type: "file", size: 1 },
  ]);
  assert.deepEqual((await list("/d/") as { name: string }[]).map(({ name }) => name), ["x", "y"]);
});

test("listing: a file that cannot be made now is listed without a size", async () => {
  const broken = (): never => {
    throw new Error("not now");
  };
  const source = memory({ "a.txt": "a", "broken.txt": broken });
  const app = serveStatic({ "/": source }, { listing: true })(notFound);
  const headers = { accept: "application/json" };
  const response = await app(new Request("http://host/", { headers }));
  assert.deepEqual(await response.json(), [
    { name: "a.txt", type: "file", size: 1 },
    { name: "broken.txt", type: "file" },
  ]);
});

test("listing: has an entity tag, and gets 304 until it changes", async () => {
  const ask = async (names: string, url: string, init?: RequestInit): Promise<Response> => {
    const files = Object.fromEntries(names.split(" ").map((name) => [name, "1"]));
    return await serveStatic({ "/": memory(files) }, { listing: true })(fallback)(
      new Request(`http://host/${url}`, init),
    );
  };
  const first = await ask("a.txt", "");
  const etag = first.headers.get("etag") ?? "";
  assert.match(etag, /^"/);
  const tags = new Set<string | null>();
  for (const query of ["", "?sort=size", "?order=desc"]) {
    for (const accept of ["text/html", "application/json"]) {
      tags.add((await ask("a.txt", query, { headers: { accept } })).headers.get("etag"));
    }
  }
  assert.equal(tags.size, 4, "pages differ in their order, the data of one file do not");
  for (const method of ["GET", "HEAD"]) {
    const same = await ask("a.txt", "", { method, headers: { "if-none-match": etag } });
    assert.deepEqual([same.status, same.headers.get("etag")], [304, etag]);
    assert.equal(same.headers.get("vary"), "accept");
    const other = await ask("a.txt", "", { method, headers: { "if-match": '"other"' } });
    assert.equal(other.status, 412);
    const changed = await ask("a.txt b.txt", "", { method, headers: { "if-none-match": etag } });
    assert.equal(changed.status, 200);
  }
});

test("listing: a large list is sorted in turns with other requests", async () => {
  const many = Array.from({ length: 9999 }, (_, i) => ({
    name: `${(i * 7919) % 9999}`,
    directory: i % 3 === 0,
    size: i % 5,
  }));
  const source = { find: () => "directory" as const, list: () => many };
  const app = serveStatic({ "/": source }, { listing: true })(fallback);
  let turns = 0;
  const turning = setInterval(() => turns++);
  const response = await app(
    new Request("http://host/?sort=size&order=desc", { headers: { accept: "application/json" } }),
  );
  clearInterval(turning);
  const expected = many.toSorted((a, b) =>
    Number(b.directory) - Number(a.directory) || b.size - a.size || Number(a.name) - Number(b.name)
  );
  const listed = await response.json() as { name: string }[];
  assert.deepEqual(listed.map(({ name }) => name), expected.map(({ name }) => name));
  assert.ok(turns > 0, "nobody else had a turn");
});
