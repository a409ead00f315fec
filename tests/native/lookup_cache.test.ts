/** What a directory remembers for a moment besides small files. */
import assert from "node:assert/strict";
import fs, { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { notFound, serveStatic, type ServeStaticOptions } from "handwerk";
import { withStoppedClock } from "../support/fake_clock.ts";
import { temporary } from "../support/temp.ts";

const root = temporary({ "index.html": "home" });
const statusOf = async (
  app: ReturnType<ReturnType<typeof serveStatic>>,
  path: string,
): Promise<number> => {
  const response = await app(new Request(`http://host${path}`));
  await response.arrayBuffer();
  return response.status;
};
const serving = (options: ServeStaticOptions = {}): ReturnType<ReturnType<typeof serveStatic>> =>
  serveStatic({ "/": root }, options)(notFound);

test("lookup cache: a missing file is cached for at most a second", async () => {
  for (const revalidate of [1000, 1e9, Infinity]) {
    await withStoppedClock(async (step) => {
      const app = serving({ memoryCache: { revalidate } });
      assert.equal(await statusOf(app, "/late.txt"), 404);
      writeFileSync(join(root, "late.txt"), "late");
      assert.equal(await statusOf(app, "/late.txt"), 404);
      step(1000);
      assert.equal(await statusOf(app, "/late.txt"), 200);
      rmSync(join(root, "late.txt"));
    });
  }
});

test("lookup cache: a clock that is set back does not keep outdated files", async () => {
  for (const content of ["short", "long".repeat(100_000)]) {
    await withStoppedClock(async (step, set) => {
      const path = join(root, "clock.txt");
      writeFileSync(path, content);
      step(10_000);
      const app = serving();
      for (let i = 0; i < 12; i++) assert.equal(await statusOf(app, "/clock.txt"), 200);
      rmSync(path);
      set(-24 * 60 * 60 * 1000);
      step(1000);
      assert.equal(await statusOf(app, "/clock.txt"), 404);
    });
  }
});

test("lookup cache: off with revalidate: 0 and with memoryCache: false", async () => {
  for (const hot of [false, { revalidate: 0 }] as const) {
    const app = serving({ memoryCache: hot });
    assert.equal(await statusOf(app, "/now.txt"), 404);
    writeFileSync(join(root, "now.txt"), "now");
    assert.equal(await statusOf(app, "/now.txt"), 200);
    rmSync(join(root, "now.txt"));
  }
});

test("lookup cache: a replaced long file has its own length", async () => {
  await withStoppedClock(async () => {
    const path = join(root, "long.bin");
    const app = serving();
    for (const size of [900_000, 500_000, 1_200_000]) {
      writeFileSync(`${path}.new`, new Uint8Array(size).fill(size % 251));
      renameSync(`${path}.new`, path);
      const response = await app(new Request("http://host/long.bin"));
      assert.equal(response.headers.get("content-length"), String(size));
      const bytes = new Uint8Array(await response.arrayBuffer());
      assert.ok(bytes.length === size && bytes.every((byte) => byte === size % 251));
    }
    rmSync(path);
    assert.equal(await statusOf(app, "/long.bin"), 404);
  });
});

test("lookup cache: limits the number and the length of its keys", async () => {
  await withStoppedClock(async () => {
    const app = serving();
    const long = `/${"d".repeat(200)}/${"e".repeat(200)}`;
    assert.deepEqual([await statusOf(app, "/first.txt"), await statusOf(app, long)], [404, 404]);
    writeFileSync(join(root, "first.txt"), "first");
    mkdirSync(join(root, "d".repeat(200)));
    writeFileSync(join(root, long), "long");
    assert.equal(await statusOf(app, long), 200);
    assert.equal(await statusOf(app, "/first.txt"), 404);
    for (let i = 0; i < 4200; i++) await statusOf(app, `/nothing-${i}`);
    assert.equal(await statusOf(app, "/first.txt"), 200);
  });
});

test("memory cache: a long file that is requested often is cached with the same tag", async () => {
  await withStoppedClock(async (step) => {
    const path = join(root, "hot.bin");
    const content = new Uint8Array(500_000).map((_, i) => i * 7);
    writeFileSync(path, content);
    step(10_000);
    const told: boolean[] = [];
    const app = serving({ onServe: ({ inMemory }) => told.push(inMemory) });
    const get = async (headers: Record<string, string> = {}): Promise<Response> =>
      await app(new Request("http://host/hot.bin", { headers }));
    const tags = new Set<string | null>();
    for (let i = 0; i < 10; i++) {
      const response = await get();
      tags.add(response.headers.get("etag"));
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), content);
    }
    assert.deepEqual(told, [...Array<boolean>(8).fill(false), true, true]);
    assert.equal(tags.size, 1);
    const part = await get({ range: "bytes=300000-400000" });
    assert.deepEqual(new Uint8Array(await part.arrayBuffer()), content.slice(300_000, 400_001));

    writeFileSync(path, "changed");
    step(1000);
    assert.equal(await (await get()).text(), "changed");
  });
});

test("memory cache: a long file is not cached if it is too large or seldom requested", async () => {
  await withStoppedClock(async (step) => {
    writeFileSync(join(root, "rare.bin"), new Uint8Array(500_000));
    step(10_000);
    for (const [bytes, pause] of [[7_999_999, 0], [16_000_000, 200]] as const) {
      const told: boolean[] = [];
      const app = serving({
        memoryCache: { bytes },
        onServe: ({ inMemory }) => told.push(inMemory),
      });
      for (let i = 0; i < 20; i++) {
        assert.equal(await statusOf(app, "/rare.bin"), 200);
        step(pause);
      }
      assert.ok(!told.includes(true));
    }
  });
});

test("lookup cache: a list is cached for a moment, and read once for concurrent requests", async () => {
  const { readdir } = fs.promises;
  let reads = 0;
  const counting = (...args: unknown[]): unknown => {
    reads++;
    return (readdir as (...args: unknown[]) => unknown)(...args);
  };
  Object.assign(fs.promises, { readdir: counting });
  try {
    await withStoppedClock(async (step) => {
      const folder = join(root, "listed");
      mkdirSync(folder);
      writeFileSync(join(folder, "a.txt"), "a");
      for (
        const [hot, readsEach] of [[{}, false], [{ revalidate: 0 }, true], [false, true]] as const
      ) {
        const app = serving({ memoryCache: hot, listing: true });
        const names = async (): Promise<string[]> => {
          const headers = { accept: "application/json" };
          const response = await app(new Request("http://host/listed/", { headers }));
          return (await response.json() as { name: string }[]).map(({ name }) => name);
        };
        reads = 0;
        await Promise.all(Array.from({ length: 10 }, names));
        assert.equal(reads, readsEach ? 10 : 1);
        writeFileSync(join(folder, "b.txt"), "b");
        assert.deepEqual(await names(), readsEach ? ["a.txt", "b.txt"] : ["a.txt"]);
        step(1000);
        assert.deepEqual(await names(), ["a.txt", "b.txt"]);
        rmSync(join(folder, "b.txt"));
        step(1000);
      }
    });
  } finally {
    Object.assign(fs.promises, { readdir });
  }
});
