/** Real directories and files, on the runtimes that have them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { directory, type Handler, notFound, serveStatic } from "handwerk";
import { temporary } from "../support/temp.ts";

const big = new Uint8Array(1_000_000).map((_, i) => i * 7);
const root = temporary({
  "www/hello.txt": "hello",
  "www/empty.txt": "",
  "www/big.bin": big,
  "www/sub/deep.txt": "deep",
  "www/grüße.txt": "gruß",
  "www/a#b%c+d.txt": "odd",
  "www/.env": "SECRET",
  "www-secret/hello.txt": "SECRET",
  "secret.txt": "SECRET",
});
const www = join(root, "www");
const app = serveStatic({ "/": www })(notFound);
const get = async (path: string, init?: RequestInit, handler: Handler = app): Promise<Response> =>
  await handler(new Request(`http://host${path}`, init));

test("files are served whole", async () => {
  assert.equal(await (await get("/hello.txt")).text(), "hello");
  assert.equal(await (await get("/sub/deep.txt")).text(), "deep");
  assert.equal(await (await get("/gr%C3%BC%C3%9Fe.txt")).text(), "gruß");
  assert.equal(await (await get("/a%23b%25c+d.txt")).text(), "odd");
  const empty = await get("/empty.txt");
  assert.equal(empty.headers.get("content-length"), "0");
  assert.equal(await empty.text(), "");
  const large = await get("/big.bin");
  assert.equal(large.headers.get("content-length"), "1000000");
  assert.deepEqual(new Uint8Array(await large.arrayBuffer()), big);
});

test("directories are passed on", async () => {
  for (const path of ["/", "/sub", "/sub/", "/hello.txt/", "/hello.txt/x"]) {
    assert.equal((await get(path)).status, 404, path);
  }
});

test("relative paths, file URLs and single files", async () => {
  const exports = {
    "/relative": relative(".", www),
    "/url": pathToFileURL(`${www}/`),
    "/directory": directory(www),
  };
  for (const prefix of Object.keys(exports)) {
    const app = serveStatic(exports)(notFound);
    assert.equal(await (await get(`${prefix}/hello.txt`, {}, app)).text(), "hello");
  }
  const one = serveStatic({ "/greeting": join(www, "grüße.txt"), "/": join(www, "hello.txt") })(
    notFound,
  );
  const greeting = await get("/greeting", {}, one);
  assert.equal(greeting.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(await greeting.text(), "gruß");
  assert.equal(await (await get("/", {}, one)).text(), "hello");
  assert.equal((await get("/greeting/x", {}, one)).status, 404);
  const hidden = serveStatic({ "/x": join(www, "hello.txt") }, { disallow: "hello.*" })(notFound);
  assert.equal((await get("/x", {}, hidden)).status, 404, "the real name is held against disallow");
});

const cold = serveStatic({ "/": www }, { memoryCache: false })(notFound);
const exact = serveStatic({ "/": www }, { memoryCache: { revalidate: 0 } })(notFound);

test("a conditional request gets 304 until the file changes", async () => {
  const file = join(www, "changing.txt");
  const tags = { cold: /^W\/"[0-9a-f]+-[0-9a-f]+"$/, exact: /^"[A-Za-z0-9+_]{24}"$/ };
  for (const [name, app] of Object.entries({ cold, exact })) {
    writeFileSync(file, "one");
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await get("/changing.txt", { headers }, app)).status;
    const first = await get("/changing.txt", {}, app);
    const etag = first.headers.get("etag") ?? "";
    assert.match(etag, tags[name as "cold"]);
    assert.equal(await status({ "if-none-match": etag }), 304);
    assert.equal(
      await status({ "if-modified-since": first.headers.get("last-modified") ?? "" }),
      304,
    );
    writeFileSync(file, "two");
    assert.equal(await status({ "if-none-match": etag }), 200);
    assert.equal(await (await get("/changing.txt", {}, app)).text(), "two");
  }
});

test("placeholder times of build tools make no validators", async () => {
  const file = join(www, "built.txt");
  for (const time of [0, 1, 315_532_800, 499_162_500]) {
    writeFileSync(file, "built");
    utimesSync(file, time, time);
    const { headers } = await get("/built.txt", {}, cold);
    assert.deepEqual([headers.get("etag"), headers.get("last-modified")], [null, null]);
    const hot = (await get("/built.txt", {}, exact)).headers;
    assert.equal(hot.get("last-modified"), null);
    assert.match(hot.get("etag") ?? "", /^"/, "a tag made of the content is right at any time");
  }
});

test("symlinks: followed inside the directory, and never out of it", async () => {
  symlinkSync(join(www, "hello.txt"), join(www, "in.txt"));
  symlinkSync(join(www, "sub"), join(www, "insub"));
  symlinkSync(join(root, "secret.txt"), join(www, "out.txt"));
  symlinkSync(join(root, "www-secret"), join(www, "outdir"));
  symlinkSync("loop", join(www, "loop"));
  symlinkSync(join(www, "gone"), join(www, "dangling"));
  assert.equal(await (await get("/in.txt")).text(), "hello");
  assert.equal(await (await get("/insub/deep.txt")).text(), "deep");
  for (const path of ["/out.txt", "/outdir/hello.txt", "/loop", "/loop/x", "/dangling"]) {
    assert.equal((await get(path)).status, 404, path);
  }
  symlinkSync(www, join(root, "link-to-www"));
  const linked = serveStatic({ "/": join(root, "link-to-www") })(notFound);
  assert.equal(
    (await get("/hello.txt", {}, linked)).status,
    200,
    "the export itself may be a link",
  );
});

test("listing: no links that lead out of the directory", async () => {
  const app = serveStatic({ "/": www }, { listing: true })(notFound);
  const list = async (): Promise<string[]> => {
    const response = await get("/", { headers: { accept: "application/json" } }, app);
    return (await response.json() as { name: string }[]).map(({ name }) => name);
  };
  const names = await list();
  for (const name of ["sub", "insub", "hello.txt", "in.txt", "grüße.txt"]) {
    assert.ok(names.includes(name), `${name} in ${names.join()}`);
  }
  for (const name of [".env", "out.txt", "outdir", "loop", "dangling"]) {
    assert.ok(!names.includes(name), `${name} in ${names.join()}`);
  }
});

test('symlinks: "follow" and "deny"', async () => {
  const follow = serveStatic({ "/": directory(www, { symlinks: "follow" }) })(notFound);
  assert.equal(await (await get("/out.txt", {}, follow)).text(), "SECRET");
  const deny = serveStatic({ "/": www }, { symlinks: "deny" })(notFound);
  assert.equal((await get("/hello.txt", {}, deny)).status, 200);
  for (const path of ["/in.txt", "/insub/deep.txt", "/out.txt"]) {
    assert.equal((await get(path, {}, deny)).status, 404, path);
  }
  assert.throws(
    () => directory(www, { symlinks: "some" as "deny" }),
    /TypeError: directory: symlinks/,
  );
});

test("ranges of real files, small and large", async () => {
  for (const [start, end] of [[0, 9], [999_990, 999_999], [100, 700_000]] as const) {
    const response = await get("/big.bin", { headers: { range: `bytes=${start}-${end}` } });
    assert.equal(response.status, 206);
    const bytes = new Uint8Array(await response.arrayBuffer());
    assert.deepEqual(bytes, big.slice(start, end + 1));
  }
  const parts = await get("/big.bin", { headers: { range: "bytes=0-1,500000-700000" } });
  const length = Number(parts.headers.get("content-length"));
  assert.equal((await parts.arrayBuffer()).byteLength, length);
});

test("only regular files are served, and others do not block", async () => {
  execFileSync("mkfifo", [join(www, "fifo")]);
  assert.equal((await get("/fifo")).status, 404);
});

test("no spelling of a path reaches a file outside", async () => {
  mkdirSync(join(www, "a"), { recursive: true });
  const part = fc.constantFrom(
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    "%252e%252e",
    "..%2f",
    "..%5c",
    "..\\",
    "%c0%ae%c0%ae",
    "a",
    "sub",
    "www",
    "www-secret",
    "secret.txt",
    "hello.txt",
    "",
    "%00",
    "C:",
    "outdir",
    "out.txt",
    ".env",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
      const request = new Request("http://host/");
      // As some hosts hand it over: not normalised.
      Object.defineProperty(request, "url", { value: `http://host/${parts.join("/")}` });
      const response = await app(request);
      assert.ok([200, 400, 404].includes(response.status));
      assert.ok(!(await response.text()).includes("SECRET"));
    }),
    { numRuns: 300 },
  );
});

const descriptors = (): number => readdirSync("/proc/self/fd").length;
test("files are closed after HEAD, 304, a cancelled and a finished body", async () => {
  const etag = (await get("/big.bin", { method: "HEAD" })).headers.get("etag") ?? "";
  const before = descriptors();
  for (let i = 0; i < 50; i++) {
    await get("/big.bin", { method: "HEAD" });
    await get("/big.bin", { headers: { "if-none-match": etag } });
    const reader = (await get("/big.bin")).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await (await get("/big.bin")).arrayBuffer();
    await get("/hello.txt");
    for (const option of ["cache", "headers", "download"]) {
      const broken = (): never => {
        throw new Error("an option that fails");
      };
      const app = serveStatic({ "/": www }, { [option]: broken })(notFound);
      await assert.rejects(get("/big.bin", {}, app), /an option that fails/);
    }
  }
  assert.ok(descriptors() <= before + 5, `${before} → ${descriptors()}`);
});

test("a file that becomes shorter while it is sent ends in an error", async () => {
  const file = join(www, "shrinking.bin");
  writeFileSync(file, big);
  const response = await get("/shrinking.bin");
  truncateSync(file, 10);
  await assert.rejects(response.arrayBuffer());
});

for (
  const [path, why] of [
    ["missing", /serveStatic: the export "\/x": "missing" does not exist; create it/],
    ["/dev/null", /"\/dev\/null" is neither a directory nor a regular file/],
  ] as const
) {
  test(`an export of ${path} is refused when it is built`, () => {
    const build = (): unknown => serveStatic({ "/x": path });
    assert.throws(build, (error: Error) => error instanceof TypeError && why.test(error.message));
  });
}

test("memory cache: a file is read once for concurrent requests, and then sent from memory", async () => {
  const file = join(www, "hot.txt");
  writeFileSync(file, "first");
  const app = serveStatic({ "/": www }, { memoryCache: { revalidate: 60_000 } })(notFound);
  const texts = await Promise.all(
    Array.from({ length: 20 }, async () => (await get("/hot.txt", {}, app)).text()),
  );
  assert.deepEqual(new Set(texts), new Set(["first"]));
  writeFileSync(file, "second");
  assert.equal(await (await get("/hot.txt", {}, app)).text(), "first");
  assert.equal(await (await get("/hot.txt", {}, exact)).text(), "second");
  rmSync(file);
  assert.equal((await get("/hot.txt", {}, exact)).status, 404);
  assert.equal(await (await get("/hot.txt", {}, app)).text(), "first");
});

test("onServe: says whether the body came from memory", async () => {
  const told: boolean[] = [];
  const onServe = ({ inMemory }: { inMemory: boolean }): void => void told.push(inMemory);
  const app = serveStatic({ "/": www }, { onServe })(notFound);
  for (const path of ["/hello.txt", "/hello.txt", "/big.bin"]) {
    await (await get(path, {}, app)).body?.cancel();
  }
  assert.deepEqual(told, [false, true, false]);
});

test("memory cache: files keep to the budget", async () => {
  for (const bytes of [0, 600, 1200]) {
    const app = serveStatic({ "/": www }, { memoryCache: { bytes, revalidate: 60_000 } })(notFound);
    for (const path of ["/hello.txt", "/sub/deep.txt", "/empty.txt", "/hello.txt"]) {
      assert.equal((await get(path, {}, app)).status, 200);
    }
  }
  assert.throws(
    () => directory(www, { memoryCache: { bytes: -1 } }),
    /TypeError: directory: memoryCache.bytes is -1; give a number of bytes/,
  );
});

test("memory cache: with revalidate: 0, every change is seen at once", async () => {
  const file = join(www, "fate.txt");
  const seen = async (): Promise<string> => {
    const response = await get("/fate.txt", {}, exact);
    return `${response.status} ${await response.text()}`;
  };
  const time = 1_700_000_000;
  for (let round = 0; round < 3; round++) {
    writeFileSync(file, "one");
    utimesSync(file, time, time);
    assert.equal(await seen(), "200 one");
    writeFileSync(file, "two");
    utimesSync(file, time, time);
    assert.equal(await seen(), "200 two", "rewritten with the same size and time");
    writeFileSync(`${file}.new`, "six");
    utimesSync(`${file}.new`, time, time);
    renameSync(`${file}.new`, file);
    assert.equal(await seen(), "200 six", "replaced by a file of the same size and time");
    rmSync(file);
    assert.equal((await seen()).slice(0, 3), "404");
    mkdirSync(file);
    writeFileSync(join(file, "index.html"), "inside");
    assert.equal((await seen()).slice(0, 3), "308");
    rmSync(file, { recursive: true });
  }
});

test("a file that grows while it is sent has the promised length", async () => {
  const file = join(www, "growing.bin");
  writeFileSync(file, big);
  const response = await get("/growing.bin");
  appendFileSync(file, "more");
  assert.equal((await response.arrayBuffer()).byteLength, big.length);
});

test("memory cache: a link that is switched to the outside is not followed", async () => {
  const link = join(www, "turned.txt");
  symlinkSync(join(www, "hello.txt"), link);
  assert.equal(await (await get("/turned.txt", {}, exact)).text(), "hello");
  rmSync(link);
  symlinkSync(join(root, "secret.txt"), link);
  assert.equal((await get("/turned.txt", {}, exact)).status, 404);
});

test("10,000 aborted requests leave no file open", { timeout: 60_000 }, async () => {
  const before = descriptors();
  for (let i = 0; i < 500; i++) {
    await Promise.all(Array.from({ length: 20 }, async (_, k) => {
      const response = await get("/big.bin");
      // Some leave at once, some in the middle.
      const reader = response.body?.getReader();
      if (k % 2) await reader?.read();
      await reader?.cancel();
    }));
  }
  assert.ok(descriptors() <= before + 5, `${before} → ${descriptors()}`);
});

test("a file of 4 GiB is sent without being held in memory", { timeout: 60_000 }, async () => {
  const file = join(www, "sparse.bin");
  writeFileSync(file, "");
  truncateSync(file, 4 * 1024 ** 3);
  const response = await get("/sparse.bin");
  assert.equal(response.headers.get("content-length"), String(4 * 1024 ** 3));
  const reader = response.body?.getReader();
  const before = process.memoryUsage().rss;
  let count = 0;
  while (count < 256 * 1024 ** 2) count += (await reader?.read())?.value?.byteLength ?? NaN;
  await reader?.cancel();
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 150 * 1024 ** 2, `${grown} bytes more`);
  const tail = await get("/sparse.bin", { headers: { range: "bytes=-1" } });
  assert.equal(tail.headers.get("content-range"), "bytes 4294967295-4294967295/4294967296");
});
