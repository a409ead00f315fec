/** What clients send that mean no good, from memory; the same tables hold for real files. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dispatch, type Handler, memory, serveStatic } from "handwerk";
import { Memory } from "../support/memory.ts";
import { check, FILES, HTTP, OPTIONS, PATHS, send } from "../support/probe.ts";

const fallback: Handler = () => new Response("passed on", { status: 418 });
const lastModified = new Date("2026-01-02T03:04:05Z");
const files = Object.fromEntries(
  Object.entries(FILES).map(([name, content]) => [name, { content, lastModified }]),
);
const app = serveStatic({ "/": memory(files) }, OPTIONS)(fallback);
for (const row of HTTP) test(`${row[0]}: ${row[2]}`, () => check(app, row));
for (const row of PATHS) test(`the path of ${row[0]}: ${row[2]}`, () => check(app, row));

const part = fc.oneof(
  fc.constantFrom(
    "/",
    "//",
    "..",
    ".",
    "%2e",
    "%2E%2e",
    "%252e",
    "%2f",
    "%5c",
    "\\",
    "%00",
    ":",
    "evil.com",
    "@",
    "?",
    "#",
    "sub",
    "private",
    "index.html",
    ".env",
    "secret.key",
    "%c0%af",
    "\u2025",
    "\uff0f",
  ),
  fc.string({ maxLength: 3 }),
);
const path = fc.array(part, { maxLength: 8 }).map((parts) => `/${parts.join("")}`);

test("no spelling of a path asks a source for unsafe names", async () => {
  const source = new Memory(
    Object.fromEntries(Object.entries(FILES).map(([name, text]) => [name, { text }])),
  );
  const options = { ...OPTIONS, extensions: ["html"], listing: true, spa: true };
  const app = serveStatic({ "/": source, "/sub": source }, options)(fallback);
  await fc.assert(
    fc.asyncProperty(path, async (path) => {
      const response = await send(app, { path, fields: { "sec-fetch-mode": "navigate" } });
      assert.ok([200, 308, 400, 404, 418].includes(response.status), `${response.status}`);
      assert.ok(!(await response.text()).includes("SECRET"));
    }),
    { numRuns: 500 },
  );
  for (const asked of source.asked) {
    const names = asked === "" ? [] : asked.split("/");
    assert.ok(names.every((name) => !/^\.|[\\:\0]|^$|\.$|\.key$/i.test(name)), asked);
  }
});

test("redirects stay below the origin and the mount, for any path and option", async () => {
  const site = {
    "/files": memory({ "docs/index.html": "d", "about.html": "a", "index.html": "i" }),
  };
  const name = fc.constantFrom("docs", "docs/", "about", "about.html", "about.html/", "");
  for (const trailingSlash of ["add", "remove", "ignore"] as const) {
    const options = { trailingSlash, extensions: ["html"], hideExtensions: true, listing: true };
    const served = serveStatic(site, options)(fallback);
    const app = dispatch({ "/base": served })(fallback);
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 3 }), name, async (parts, name) => {
        const path = `/base/files/${parts.join("")}${name}?${parts.join("")}`;
        const location = (await send(app, { path })).headers.get("location");
        if (location === null) return;
        const to = new URL(location, `http://host${path}`);
        assert.equal(to.host, "host");
        assert.ok(to.pathname.startsWith("/base/files"), to.href);
      }),
      { numRuns: 200 },
    );
  }
});

test("redirects have no body, and are relative for any Host", async () => {
  const request = new Request("http://evil.com/sub?x=<script>");
  const response = await app(request);
  assert.equal(response.status, 308);
  assert.equal(response.headers.get("location"), "./sub/?x=%3Cscript%3E");
  assert.equal(await response.text(), "");
});

const FIELDS = [
  "range",
  "if-range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "accept-encoding",
  "accept",
  "sec-fetch-mode",
  "available-dictionary",
  "want-repr-digest",
];
test("no value of a request header makes a response fail", async () => {
  const value = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.array(
      fc.constantFrom(
        "bytes=",
        "0-",
        "-1",
        ",",
        ";",
        "q=",
        "0.5",
        '"',
        "W/",
        "*",
        " ",
        "gzip",
        ":",
      ),
      { maxLength: 12 },
    ).map((parts) => parts.join("")),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom(...FIELDS), value),
      fc.constantFrom("/ten.txt", "/app.js", "/empty.txt", "/none"),
      async (fields, path) => {
        const response = await send(app, { path, fields });
        assert.ok([200, 206, 304, 404, 406, 412, 416].includes(response.status));
        const length = response.headers.get("content-length");
        const { byteLength } = await response.arrayBuffer();
        if (length !== null) assert.equal(Number(length), byteLength);
      },
    ),
    { numRuns: 500 },
  );
});

// A quadratic reader would take minutes for these.
const BIG = 2 ** 18;
const repeated = [
  '"',
  ",",
  " ",
  "\t",
  "a,",
  '"a",',
  "W/",
  "gzip;q=0,",
  ";",
  "=",
  "0-0,",
  "-",
  "(",
  ":",
];
for (const [index, unit] of repeated.entries()) {
  test(
    `fields of a quarter of a million bytes are read in linear time: ${index}`,
    async () => {
      const text = unit.repeat(BIG / unit.length);
      for (const field of FIELDS) {
        for (const value of [text, `bytes=${text}`, `"${text}`, `a${text}x`]) {
          const fields = { range: "bytes=0-0", [field]: value };
          const response = await send(app, { path: "/app.js", fields });
          assert.ok([200, 206, 304, 406, 412, 416].includes(response.status));
        }
      }
    },
  );
}
