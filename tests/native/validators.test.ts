/** Validators of files that are read from the disk: what is handed out makes ranges work. */
import assert from "node:assert/strict";
import {
  closeSync,
  openSync,
  readdirSync,
  renameSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { notFound, serveStatic } from "handwerk";
import { temporary } from "../support/temp.ts";

const SIZE = 900_000;
const bytesOf = (seed: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(SIZE).map((_, i) => i * seed);
const root = temporary({ "a.bin": bytesOf(7) });
const path = join(root, "a.bin");
/** An hour ago: no change that comes has the same time. */
const before = (file: string): void => utimesSync(file, Date.now() / 1000 - 3600, 1_700_000_000);

const get = async (headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  await serveStatic({ "/": root }, { memoryCache: false })(notFound)(
    new Request("http://host/a.bin", { method, headers }),
  );
const statusOf = async (headers: Record<string, string>): Promise<number> => {
  const response = await get(headers);
  await response.body?.cancel();
  return response.status;
};
const headersOf = async (): Promise<Headers> => (await get({}, "HEAD")).headers;

/** Ten seconds later, by the clock on the wall. */
async function later<T>(use: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => now() + 10_000;
  try {
    return await use();
  } finally {
    Date.now = now;
  }
}

test("validators: a file that is unchanged for two seconds has a strong tag", async () => {
  before(path);
  await later(async () => {
    const headers = await headersOf();
    const [etag, date] = ["etag", "last-modified"].map((name) => headers.get(name) ?? "");
    assert.match(etag ?? "", /^"[0-9a-f]+-[0-9a-f]+"$/);
    const range = "bytes=400000-";
    for (const value of [etag, date]) {
      assert.equal(await statusOf({ range, "if-range": value ?? "" }), 206, value);
    }
    assert.equal(await statusOf({ range, "if-match": etag ?? "" }), 206);
    assert.equal(await statusOf({ "if-none-match": etag ?? "" }), 304);
  });
});

test("validators: a file that has just changed has a weak tag of the same value", async () => {
  writeFileSync(path, bytesOf(7));
  const headers = await headersOf();
  const [etag, date] = ["etag", "last-modified"].map((name) => headers.get(name) ?? "");
  assert.match(etag ?? "", /^W\/"/);
  const range = "bytes=0-9";
  assert.equal(await statusOf({ range, "if-range": etag ?? "" }), 200);
  assert.equal(await statusOf({ range, "if-range": date ?? "" }), 200);
  await later(async () => {
    assert.equal((await headersOf()).get("etag"), etag?.slice(2));
    assert.equal(await statusOf({ "if-none-match": etag ?? "" }), 304);
  });
});

test("validators: the memory cache keeps no weak tag", async () => {
  writeFileSync(path, bytesOf(7));
  const app = serveStatic({ "/": root }, { memoryCache: { revalidate: Infinity } })(notFound);
  const tagOf = async (): Promise<string> => {
    const response = await app(new Request("http://host/a.bin"));
    await response.arrayBuffer();
    return response.headers.get("etag") ?? "";
  };
  for (let i = 0; i < 20; i++) assert.match(await tagOf(), /^W\//);
  const now = performance.now.bind(performance);
  performance.now = () => now() + 10_000;
  try {
    await later(async () => {
      for (let i = 0; i < 20; i++) assert.match(await tagOf(), /^"/);
    });
  } finally {
    performance.now = now;
  }
});

test("validators: other content has another tag, even with the same length and time", async () => {
  const tags = new Set<string | null>();
  for (const seed of [3, 5, 9]) {
    writeFileSync(path, bytesOf(seed));
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    await later(async () => tags.add((await headersOf()).get("etag")));
    // Some runtimes tell whole seconds only.
    await new Promise((resolve) => setTimeout(resolve, 1100));
  }
  assert.equal(tags.size, 3);
});

test("validators: a file with a placeholder time has a strong tag", async () => {
  utimesSync(path, 0, 0);
  const headers = await later(headersOf);
  assert.match(headers.get("etag") ?? "", /^"/);
  assert.equal(headers.get("last-modified"), null);
});

const descriptors = (): number => readdirSync("/proc/self/fd").length;

test("a response that is never read has no file open", async () => {
  await (await get()).arrayBuffer();
  const count = descriptors();
  const unread: Response[] = [];
  for (let i = 0; i < 20; i++) unread.push(await get(), await get({ range: "bytes=9-700000" }));
  assert.ok(descriptors() <= count + 2, `${descriptors()} descriptors, and ${count} before`);
  assert.deepEqual(await unread[0]?.bytes(), await unread[2]?.bytes());
  for (const response of unread.slice(3)) await response.body?.cancel();
});

test("a compressed response that is never read has no file open", async () => {
  const text = "compress me\n".repeat(60_000);
  writeFileSync(join(root, "a.txt"), text);
  const app = serveStatic({ "/": root }, { compress: true, memoryCache: false })(notFound);
  const ask = async (): Promise<Response> => {
    const request = new Request("http://host/a.txt");
    const value = {
      get: (name: string) => name === "accept-encoding" ? "gzip" : null,
      has: () => false,
    };
    Object.defineProperty(request, "headers", { value });
    return await app(request);
  };
  await (await ask()).arrayBuffer();
  const count = descriptors();
  const unread = await Promise.all(Array.from({ length: 20 }, ask));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(descriptors() <= count + 2, `${descriptors()} descriptors, and ${count} before`);
  for (const response of unread.slice(1)) await response.body?.cancel();
  assert.equal(unread[0]?.headers.get("content-encoding"), "gzip");
  const stream = unread[0]?.body?.pipeThrough(new DecompressionStream("gzip"));
  assert.equal(await new Response(stream).text(), text);
});

/** Begins to read, lets `change` happen, and reads on. */
async function readWhile(change: () => void): Promise<Uint8Array> {
  writeFileSync(path, bytesOf(7));
  before(path);
  const reader = (await get()).body?.getReader();
  const chunks = [(await reader?.read())?.value ?? new Uint8Array()];
  change();
  for (;;) {
    const { done, value } = await reader?.read() ?? { done: true };
    if (done || !value) break;
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

test("a file that is overwritten in place while it is sent never looks complete", async () => {
  await assert.rejects(readWhile(() => {
    const file = openSync(path, "r+");
    writeSync(file, "other", SIZE - 100);
    closeSync(file);
  }));
  await assert.rejects(readWhile(() => writeFileSync(path, bytesOf(11))));
});

test("a file that is replaced while it is sent is sent as it was found", async () => {
  const whole = await readWhile(() => {
    writeFileSync(`${path}.new`, bytesOf(11));
    renameSync(`${path}.new`, path);
  });
  assert.deepEqual(whole, bytesOf(7));
});
