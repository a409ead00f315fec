/** Answers whose fields are made once for many requests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Entry,
  memory,
  notFound,
  serveStatic,
  type ServeStaticOptions,
  type Source,
} from "handwerk";

const bytes = new TextEncoder().encode("x".repeat(2000));
const entry = (name: string): Entry => ({
  name,
  size: bytes.length,
  etag: `"tag"`,
  open: (range) => range ? bytes.subarray(range.start, range.end) : bytes,
});

async function fields(
  app: ReturnType<ReturnType<typeof serveStatic>>,
  path: string,
  headers: Record<string, string> = {},
): Promise<Record<string, string>> {
  const response = await app(new Request(`http://host${path}`, { headers }));
  await response.arrayBuffer();
  return Object.fromEntries(response.headers);
}

test("an entry for two paths has the headers of each", async () => {
  const one = entry("same");
  const source: Source = { find: () => one };
  const cache = { "a/*": "no-cache", "b/*": "max-age=5" };
  const app = serveStatic({ "/": source }, { cache })(notFound);
  for (let i = 0; i < 3; i++) {
    assert.equal((await fields(app, "/a/x"))["cache-control"], "no-cache");
    assert.equal((await fields(app, "/b/x"))["cache-control"], "max-age=5");
  }
});

test("an entry that is a file and a variant of another has the headers of each", async () => {
  const packed = entry("app.js.gz");
  const plain = entry("app.js");
  const source: Source = { find: ([name]) => name === "app.js" ? plain : packed };
  const app = serveStatic({ "/": source }, { precompressed: ["gzip"] })(notFound);
  for (let i = 0; i < 3; i++) {
    const coded = await fields(app, "/app.js", { "accept-encoding": "gzip" });
    assert.deepEqual(
      [coded["content-encoding"], coded["content-type"], coded["etag"]],
      ["gzip", "text/javascript; charset=utf-8", '"tag-gzip"'],
    );
    const itself = await fields(app, "/app.js.gz");
    assert.equal(itself["content-encoding"], undefined);
    assert.equal(itself["etag"], '"tag"');
  }
});

test("an entry for two codings has the headers of each", async () => {
  const one = entry("app.js");
  const app = serveStatic({ "/": { find: () => one } }, { precompressed: ["gzip"] })(notFound);
  for (let i = 0; i < 3; i++) {
    const coded = await fields(app, "/app.js", { "accept-encoding": "gzip" });
    assert.equal(coded["content-encoding"], "gzip");
    assert.equal((await fields(app, "/app.js"))["content-encoding"], undefined);
  }
});

test("headers of one response are not in the next one", async () => {
  let count = 0;
  const app = serveStatic({ "/": memory({ "a.txt": "abcdef" }) }, {
    headers: (_, headers) => headers.append("x-count", String(++count)),
  })(notFound);
  assert.equal((await fields(app, "/a.txt"))["x-count"], "1");
  assert.equal((await fields(app, "/a.txt"))["x-count"], "2");
  const plain = serveStatic({ "/": memory({ "a.txt": "abcdef".repeat(1000) }) })(notFound);
  const part = await fields(plain, "/a.txt", { range: "bytes=1-2" });
  assert.deepEqual([part["content-range"], part["content-length"]], ["bytes 1-2/6000", "2"]);
  const several = await fields(plain, "/a.txt", { range: "bytes=0-0,5000-5000" });
  assert.match(several["content-type"] ?? "", /^multipart/);
  const whole = await fields(plain, "/a.txt");
  assert.deepEqual(
    [whole["content-range"], whole["content-length"], whole["content-type"]],
    [undefined, "6000", "text/plain; charset=utf-8"],
  );
});

test("cache and download: functions are called for each response", async () => {
  let mode = "max-age=1";
  const source = memory({ "a.txt": "a" });
  const options: ServeStaticOptions = { cache: () => mode, download: () => mode === "no-store" };
  const app = serveStatic({ "/": source }, options)(notFound);
  assert.equal((await fields(app, "/a.txt"))["cache-control"], "max-age=1");
  mode = "no-store";
  const after = await fields(app, "/a.txt");
  assert.deepEqual(
    [after["cache-control"], after["content-disposition"]?.slice(0, 10)],
    ["no-store", "attachment"],
  );
});

test("expiry moves on with the clock", async () => {
  const app = serveStatic({ "/": memory({ "a.txt": "a" }) }, { cacheTimeout: 60 })(notFound);
  const { now } = Date;
  try {
    Date.now = () => 1_000_000_000_000;
    assert.equal((await fields(app, "/a.txt"))["expires"], "Sun, 09 Sep 2001 01:47:40 GMT");
    Date.now = () => 1_000_000_005_000;
    assert.equal((await fields(app, "/a.txt"))["expires"], "Sun, 09 Sep 2001 01:47:45 GMT");
  } finally {
    Date.now = now;
  }
});

test("headers: a hook that throws rejects, and does not throw", async () => {
  const app = serveStatic({ "/": { find: () => entry("a.txt") } }, {
    headers: () => {
      throw new Error("no");
    },
  })(notFound);
  const answer = app(new Request("http://host/a.txt"));
  assert.ok(answer instanceof Promise);
  await assert.rejects(answer, /no/);
});
