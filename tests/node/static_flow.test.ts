/** Files on the Node host, which pushes them into the connection. */
import assert from "node:assert/strict";
import {
  closeSync,
  openSync,
  readdirSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { BodySink } from "../../src/host/types.ts";
import { notFound, serveStatic, type ServeStaticOptions } from "handwerk";
import { serve } from "handwerk/node";
import { fileBody } from "../../src/node/write_body.ts";
import { temporary } from "../support/temp.ts";

/** Bytes that tell where they are. */
const pattern = (size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new Uint32Array(size / 4).map((_, i) => i * 2654435761).buffer);
const big = pattern(5_000_000);
const huge = pattern(64 * 1024 * 1024);
const root = temporary({ "big.bin": big, "huge.bin": huge, "a.txt": "aaa", "empty.bin": "" });

async function serving<T>(
  use: (url: string, port: number) => Promise<T>,
  options: ServeStaticOptions = {},
): Promise<T> {
  const fetch = serveStatic({ "/": root }, options)(notFound);
  const server = await serve({ fetch, port: 0, hostname: "127.0.0.1", onError: () => {} });
  try {
    return await use(server.url, server.port);
  } finally {
    await server.close(true);
  }
}

/** How many files of the directory are open. */
const descriptors = (): number => readdirSync("/proc/self/fd").length;

async function settlesAt(count: number): Promise<void> {
  for (let i = 0; i < 100 && descriptors() > count; i++) await delay(20);
  assert.ok(descriptors() <= count, `${descriptors()} descriptors, and ${count} before`);
}

/** Asks, and hands over the raw connection. */
const ask = (port: number, path: string): ReturnType<typeof connect> => {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
};

test("concurrent clients get their own bytes, of whole files and ranges", async () => {
  await serving(async (url) => {
    await Promise.all(Array.from({ length: 24 }, async (_, i) => {
      const start = i * 1001;
      const headers = i % 2 ? { range: `bytes=${start}-` } : {};
      const response = await fetch(`${url}big.bin`, { headers });
      const bytes = new Uint8Array(await response.arrayBuffer());
      const expected = i % 2 ? big.subarray(start) : big;
      assert.equal(response.headers.get("content-length"), String(expected.length));
      assert.equal(Buffer.compare(bytes, expected), 0);
    }));
    const empty = await fetch(`${url}empty.bin`);
    assert.deepEqual([empty.status, await empty.text()], [200, ""]);
  });
});

test("backpressure: a slow client gets the right bytes", async () => {
  await serving(async (_, port) => {
    const socket = ask(port, "/huge.bin");
    await new Promise((resolve) => socket.once("readable", resolve));
    const before = process.memoryUsage().arrayBuffers;
    await delay(200);
    assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024);
    const chunks: Buffer[] = [];
    let count = 0;
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      count += (chunk as Buffer).length;
      if (count > huge.length) break;
    }
    const all = Buffer.concat(chunks);
    assert.equal(Buffer.compare(all.subarray(all.indexOf("\r\n\r\n") + 4), huge), 0);
  });
});

test("client disconnects and unread responses leave no file open", async () => {
  await serving(async (url, port) => {
    await (await fetch(`${url}big.bin`)).arrayBuffer();
    const before = descriptors();
    for (let i = 0; i < 30; i++) {
      const socket = ask(port, "/huge.bin");
      await new Promise((resolve) => socket.once("data", resolve));
      socket.destroy();
      await (await fetch(`${url}huge.bin`, { method: "HEAD" })).text();
    }
    await settlesAt(before + 2);
  });
});

test("a hook that throws and a middleware that reads close the file", async () => {
  const before = descriptors();
  const headers = (): never => {
    throw new Error("no");
  };
  await serving(async (url) => {
    assert.equal((await fetch(`${url}big.bin`)).status, 500);
  }, { headers });
  const files = serveStatic({ "/": root })(notFound);
  const app = async (request: Request): Promise<Response> => {
    const response = await files(request);
    return new Response(String((await response.bytes()).length));
  };
  const server = await serve({ fetch: app, port: 0, hostname: "127.0.0.1" });
  assert.equal(await (await fetch(`${server.url}big.bin`)).text(), "5000000");
  await server.close(true);
  await settlesAt(before + 2);
});

test("a file that becomes shorter while it is sent does not look complete", async () => {
  const path = join(root, "shrinking.bin");
  writeFileSync(path, huge);
  await serving(async (_, port) => {
    const socket = ask(port, "/shrinking.bin");
    await new Promise((resolve) => socket.once("readable", resolve));
    truncateSync(path, 1_000_000);
    let count = 0;
    for await (const chunk of socket) count += (chunk as Buffer).length;
    assert.ok(count < huge.length, `${count} bytes`);
  });
});

test("a file that is overwritten while it is sent does not look complete", async () => {
  const path = join(root, "overwritten.bin");
  writeFileSync(path, huge);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  await serving(async (_, port) => {
    const socket = ask(port, "/overwritten.bin");
    await new Promise((resolve) => socket.once("readable", resolve));
    const file = openSync(path, "r+");
    writeSync(file, "other");
    closeSync(file);
    let count = 0;
    for await (const chunk of socket) count += (chunk as Buffer).length;
    assert.ok(count < huge.length, `${count} bytes`);
  });
});

test("a response that is never read has no file open with serve", async () => {
  const files = serveStatic({ "/": root })(notFound);
  const before = descriptors();
  const kept: Response[] = [];
  const app = async (request: Request): Promise<Response> => {
    kept.push(await files(request));
    assert.ok(descriptors() <= before + 8, `${descriptors()} descriptors, and ${before} before`);
    return new Response("another");
  };
  const server = await serve({ fetch: app, port: 0, hostname: "127.0.0.1" });
  for (let i = 0; i < 20; i++) {
    assert.equal(await (await fetch(`${server.url}big.bin`)).text(), "another");
  }
  assert.equal(kept.length, 20);
  await server.close(true);
  await settlesAt(before + 2);
});

/** A file that tells what is done to it, from `length` on with an error. */
function spied(length: number): {
  file: Parameters<typeof fileBody>[0]["file"];
  done: { reads: number; closes: number };
} {
  const done = { reads: 0, closes: 0 };
  const file = {
    read: async (buffer: Uint8Array, position: number): Promise<number> => {
      done.reads++;
      assert.equal(done.closes, 0, "read after it was closed");
      await delay(0);
      return Math.max(0, Math.min(buffer.length, length - position));
    },
    isIntact: () => Promise.resolve(true),
    close: async (): Promise<void> => void done.closes++,
  };
  return { file, done };
}

/** A sink that takes `most` bytes and then waits for ever. */
function counted(most: number): BodySink & { count: number; ends: number; errors: unknown[] } {
  return {
    count: 0,
    ends: 0,
    errors: [],
    write(chunk) {
      this.count += chunk.length;
      return this.count < most;
    },
    end() {
      this.ends++;
    },
    fail(error) {
      this.errors.push(error);
    },
  };
}

const LONG = 10_000_000;

test("a file is closed once: at its end, truncated, cancelled, before and after the start", async () => {
  for (
    const [length, most, cancelled, ends, errors] of [
      [LONG, Infinity, false, 1, 0],
      [LONG, Infinity, true, 1, 0],
      [3_000_000, Infinity, false, 0, 1],
      [256 * 1024, 1, true, 0, 0],
      [LONG, 1_000_000, true, 0, 0],
    ] as const
  ) {
    const { file, done } = spied(length);
    const sink = counted(most);
    const flow = fileBody({ file, start: 0, end: LONG }, false);
    flow.start(sink);
    await delay(150);
    if (cancelled) flow.cancel(new Error("enough"));
    await delay(50);
    assert.deepEqual([done.closes, sink.ends, sink.errors.length], [1, ends, errors]);
  }
  const { file, done } = spied(LONG);
  fileBody({ file, start: 0, end: LONG }, false).cancel(new Error("nobody wants it"));
  await delay(0);
  assert.deepEqual(done, { reads: 0, closes: 1 });
});

test("backpressure: a full sink stops reading", async () => {
  const { file, done } = spied(LONG);
  const sink = counted(1);
  const flow = fileBody({ file, start: 0, end: LONG }, false);
  flow.start(sink);
  await delay(100);
  assert.equal(done.reads, 1);
  flow.resume();
  await delay(100);
  assert.equal(done.reads, 2);
  flow.cancel(new Error("enough"));
});
