/** What all responses of serveStatic have in common, and the validators that hooks set. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../src/handler.ts";
import {
  dictionaries,
  serveStatic,
  type ServeStaticOptions,
  type Source,
} from "../../src/static/mod.ts";
import { SourceError } from "../../src/static/source.ts";
import { Memory } from "../support/memory.ts";

const lastModified = Date.UTC(2026, 0, 2, 3, 4, 5);
const files = new Memory({
  "a.txt": { text: "0123456789", etag: '"own"', lastModified },
  "page.html": { text: "<p>" },
  "404.html": { text: "not here" },
  "site/index.html": { text: "<p>" },
  "folder/b.txt": { text: "b" },
  ".env": { text: "SECRET" },
});
const failing = (status: 502 | 503 | 504): Source => ({
  find: () => Promise.reject(new SourceError(status, "the disk")),
});
const source: Source = {
  find(segments) {
    const [first = ""] = segments;
    return /^50[234]$/.test(first)
      ? failing(Number(first) as 502).find(segments)
      : files.find(segments);
  },
  list: () => [{ name: "b.txt", directory: false }],
};
const fallback: Handler = () => new Response("passed on", { status: 418 });

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}
/** Fields that cannot be set on a Request everywhere; this one only reads. */
async function send(
  { path, method = "GET", headers = {} }: Asked,
  options: ServeStaticOptions,
): Promise<Response> {
  const request = new Request(`http://host${path === "invalid" ? "/" : path}`, { method });
  const fields = new Map(Object.entries(headers));
  const value = {
    get: (name: string) => fields.get(name) ?? null,
    has: (name: string) => fields.has(name),
  };
  Object.defineProperty(request, "headers", { value });
  if (path === "invalid") Object.defineProperty(request, "url", { value: "http://host/%zz" });
  return await serveStatic({ "/": source }, options)(fallback)(request);
}

const everything: ServeStaticOptions = {
  listing: true,
  dotfiles: "deny",
  methodNotAllowed: true,
  notFoundPage: "404.html",
  extensions: ["html"],
  hideExtensions: true,
};
// [status, what is asked, Cache-Control that no hook changes]
const responses: readonly (readonly [number, Asked, string | null])[] = [
  [200, { path: "/a.txt" }, null],
  [200, { path: "/folder/" }, null],
  [200, { path: "/folder/", headers: { accept: "application/json" } }, null],
  [204, { path: "/a.txt", method: "OPTIONS" }, null],
  [206, { path: "/a.txt", headers: { range: "bytes=0-1" } }, null],
  [206, { path: "/a.txt", headers: { range: "bytes=0-0,9-9" } }, null],
  [304, { path: "/a.txt", headers: { "if-none-match": "*" } }, null],
  [308, { path: "/site" }, "no-cache"],
  [308, { path: "/folder" }, "no-cache"],
  [308, { path: "/page.html" }, "no-cache"],
  [403, { path: "/.env" }, "no-store"],
  [404, { path: "/missing.js" }, "no-store"],
  [405, { path: "/a.txt", method: "DELETE" }, "no-store"],
  [406, { path: "/a.txt", headers: { "accept-encoding": "*;q=0" } }, "no-store"],
  [412, { path: "/a.txt", headers: { "if-match": '"x"' } }, "no-store"],
  [416, { path: "/a.txt", headers: { range: "bytes=99-" } }, "no-store"],
  [502, { path: "/502" }, "no-store"],
  [503, { path: "/503" }, "no-store"],
  [504, { path: "/504" }, "no-store"],
];
for (const [status, asked, policy] of responses) {
  for (const method of asked.method ? [asked.method] : ["GET", "HEAD"]) {
    if (method === "HEAD" && asked.headers?.["range"]) continue;
    test(`${status} for ${method} ${JSON.stringify(asked)}: hooks run, no sniffing, told`, async () => {
      const seen: string[] = [];
      const told: number[] = [];
      const response = await send({ ...asked, method }, {
        ...everything,
        headers(path, headers, serving) {
          seen.push(`${serving.status} ${serving.request.method} ${typeof path}${serving.base}`);
          headers.set("access-control-allow-origin", "*");
          headers.set("cache-control", "public, immutable");
        },
        onServe: ({ status }) => told.push(status),
      });
      assert.equal(response.status, status);
      const { headers } = response;
      assert.equal(headers.get("access-control-allow-origin"), "*");
      assert.equal(headers.get("cache-control"), policy ?? "public, immutable");
      // A 304 has what guides caches alone (RFC 9110 §15.4.5).
      assert.equal(headers.get("x-content-type-options"), status === 304 ? null : "nosniff");
      assert.deepEqual(seen, [`${status} ${method} string`]);
      assert.deepEqual(told, [status]);
      await response.body?.cancel();
    });
  }
}

test("headers: hooks run for a request without a valid path, and not for requests that are passed on", async () => {
  const seen: number[] = [];
  const headers = (_: string, headers: Headers, { status }: { status: number }): void => {
    seen.push(status);
    headers.set("x-mine", "1");
  };
  const invalid = await send({ path: "invalid" }, { headers });
  const passedOn = await send({ path: "/missing" }, { headers });
  assert.deepEqual([passedOn.status, passedOn.headers.get("x-mine")], [418, null]);
  if (invalid.status === 400) {
    assert.equal(invalid.headers.get("x-mine"), "1");
    assert.equal(invalid.headers.get("x-content-type-options"), "nosniff");
  }
  assert.deepEqual(seen, invalid.status === 400 ? [400] : []);
});

test("headers: a hook that throws rejects, and the file is closed", async () => {
  const headers = (): never => {
    throw new Error("no");
  };
  for (const [, asked] of responses) {
    const { found, opened, closed } = files;
    await assert.rejects(send(asked, { ...everything, headers }), /^Error: no$/);
    assert.equal(files.opened, opened);
    assert.equal(files.closed - closed, files.found - found);
  }
});

const always = (): boolean => true;
/** A hook that has tags of its own. */
const tagging = (
  tag: string | null,
  when: (status: number) => boolean = always,
): ServeStaticOptions => ({
  headers(_, headers, { status }) {
    if (!when(status)) return;
    if (tag === null) headers.delete("etag");
    else headers.set("etag", tag);
  },
});
const only200 = (status: number): boolean => status === 200;
const range = "bytes=2-4";
// [options, fields, status]
const conditions: readonly (readonly [ServeStaticOptions, Record<string, string>, number])[] = [
  [tagging('"mine"'), {}, 200],
  [tagging('"mine"'), { "if-none-match": '"mine"' }, 304],
  [tagging('"mine"'), { "if-none-match": '"own"' }, 200],
  [tagging('"mine"'), { "if-match": '"mine"' }, 200],
  [tagging('"mine"'), { "if-match": '"own"' }, 412],
  [tagging('"mine"'), { range, "if-range": '"mine"' }, 206],
  [tagging('"mine"'), { range, "if-range": '"own"' }, 200],
  [tagging('"mine"'), { range, "if-match": '"own"' }, 412],
  [tagging('W/"mine"'), { "if-none-match": '"mine"' }, 304],
  [tagging('W/"mine"'), { range, "if-range": 'W/"mine"' }, 200],
  [tagging('"mine"', only200), { "if-none-match": '"mine"' }, 304],
  [tagging('"mine"'), { "if-modified-since": "Fri, 02 Jan 2026 03:04:05 GMT" }, 304],
  [tagging(null), { "if-none-match": '"own"' }, 200],
  [tagging(null), { "if-none-match": '"own"', range }, 206],
  [{ ...tagging('"mine"'), cache: false }, { "if-none-match": '"mine"' }, 304],
];
for (const [index, [options, headers, status]] of conditions.entries()) {
  test(`validators of hooks ${index}: ${JSON.stringify(headers)} is ${status}`, async () => {
    const response = await send({ path: "/a.txt", headers }, options);
    assert.equal(response.status, status);
    const text = await response.text();
    const expected: Record<number, string> = { 200: "0123456789", 206: "234" };
    assert.equal(text, expected[status] ?? "");
    if (status === 304) assert.match(response.headers.get("etag") ?? "", /mine/);
  });
}

test("headers: preconditions are compared with the Last-Modified of a hook", async () => {
  const options: ServeStaticOptions = {
    headers: (_, headers) => headers.set("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
  };
  for (
    const [name, value, status] of [
      ["if-modified-since", "Thu, 01 Jan 2026 00:00:00 GMT", 304],
      ["if-modified-since", "Wed, 31 Dec 2025 00:00:00 GMT", 200],
      ["if-unmodified-since", "Thu, 01 Jan 2026 00:00:00 GMT", 200],
      ["if-unmodified-since", "Wed, 31 Dec 2025 00:00:00 GMT", 412],
    ] as const
  ) {
    const response = await send({ path: "/a.txt", headers: { [name]: value } }, options);
    assert.equal(response.status, status, `${name}: ${value}`);
    await response.body?.cancel();
  }
});

test("dictionaries: a listing is not announced", async () => {
  const options = { listing: true, dictionaries: dictionaries({ "**": "/*" }) };
  const { headers } = await send({ path: "/folder/" }, options);
  assert.equal(headers.get("use-as-dictionary"), null);
});
