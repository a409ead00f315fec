/** Sources that need no file system. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Entry, type Handler, memory, overlay, serveStatic, type Source } from "handwerk";
import { remote } from "handwerk/static";
import { sliced } from "../../src/static/sources/entry.ts";

const fallback: Handler = () => new Response("passed on", { status: 418 });
const get = async (
  exports: Record<string, Source>,
  path: string,
  init?: RequestInit,
): Promise<Response> =>
  await serveStatic(exports)(fallback)(new Request(`http://host${path}`, init));
const text = async (response: Promise<Response>): Promise<string> => await (await response).text();

test("memory: text, bytes, functions, and files with a type and a time", async () => {
  let made = 0;
  const lastModified = new Date("2026-01-02T03:04:05Z");
  const source = memory({
    "index.html": "<p>",
    "bytes.bin": new Uint8Array([1, 2]),
    "lazy/one.txt": () => `made ${++made}`,
    "lazy/two.txt": () => Promise.resolve(new TextEncoder().encode("later")),
    "typed": { content: "x", type: "image/png", lastModified },
  });
  assert.equal(made, 0);
  assert.equal(await text(get({ "/": source }, "/")), "<p>");
  assert.equal(await text(get({ "/": source }, "/lazy/one.txt")), "made 1");
  assert.equal(await text(get({ "/": source }, "/lazy/one.txt")), "made 1");
  assert.equal(await text(get({ "/": source }, "/lazy/two.txt")), "later");
  assert.equal((await get({ "/": source }, "/bytes.bin")).headers.get("content-length"), "2");
  const { headers } = await get({ "/": source }, "/typed");
  assert.equal(headers.get("content-type"), "image/png");
  assert.equal(headers.get("last-modified"), "Fri, 02 Jan 2026 03:04:05 GMT");
  assert.equal((await get({ "/": source }, "/lazy")).status, 418);
  assert.equal((await get({ "/one": memory("alone") }, "/one")).status, 200);
  assert.equal((await get({ "/one": memory("alone") }, "/one/x")).status, 418);
});

test("memory: strong entity tags of the content, and ranges", async () => {
  const [a, b, c] = await Promise.all(
    ["same", "same", "other"].map(async (content) =>
      (await get({ "/x": memory(content) }, "/x")).headers.get("etag")
    ),
  );
  assert.match(a ?? "", /^"[A-Za-z0-9+_]{24}"$/);
  assert.equal(a, b);
  assert.notEqual(a, c);
  const headers = { range: "bytes=1-2", "if-range": a ?? "" };
  const part = await get({ "/x": memory("same") }, "/x", { headers });
  assert.deepEqual([part.status, await part.text()], [206, "am"]);
});

test("memory: tries a failed function again, and rejects paths with a leading slash", async () => {
  let calls = 0;
  const source = memory({
    x: () => {
      if (++calls === 1) throw new Error("not yet");
      return "now";
    },
  });
  await assert.rejects(get({ "/": source }, "/x"), /not yet/);
  assert.equal(await text(get({ "/": source }, "/x")), "now");
  assert.throws(() => memory({ "/x": "" }), /TypeError: memory: "\/x" must not begin with a slash/);
});

test("overlay: looks up one source after the other, and merges directories", async () => {
  const source = overlay(
    memory({ "a.txt": "top" }),
    memory({ "a.txt": "low", "d/index.html": "dir" }),
  );
  assert.equal(await text(get({ "/": source }, "/a.txt")), "top");
  assert.equal(await text(get({ "/": source }, "/d/")), "dir");
  assert.equal((await get({ "/": source }, "/missing")).status, 418);
});

test("an export may be a function of the platform arguments, called once for each", async () => {
  let made = 0;
  const files = (env: { text: string }): Source => {
    made++;
    return memory(env.text);
  };
  const app = serveStatic({ "/x": files })(fallback);
  const [one, two] = [{ text: "one" }, { text: "two" }];
  for (const env of [one, two, one]) {
    assert.equal(await text(app(new Request("http://host/x"), env) as Promise<Response>), env.text);
  }
  assert.equal(made, 2);
  const wrong = serveStatic({ "/x": (env: object) => env as Source })(fallback);
  await assert.rejects(
    async () => await wrong(new Request("http://host/x"), {}),
    /returned no source/,
  );
});

const chunks = (...parts: string[]): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });

test("sliced: exactly the range, for any chunks of the stream", async () => {
  for (const parts of [["0123456789"], ["0", "1234", "56", "789"], "0123456789".split("")]) {
    for (const [start, end] of [[0, 10], [0, 1], [3, 7], [9, 10]] as const) {
      const content = await new Response(sliced(chunks(...parts), { start, end })).text();
      assert.equal(content, "0123456789".slice(start, end));
    }
  }
  await assert.rejects(new Response(sliced(chunks("012"), { start: 1, end: 5 })).text());
});

for (const url of ["files", "ftp://h/", "http://h/?x", "http://u@h/"]) {
  test(`remote refuses ${url}`, () =>
    assert.throws(
      () => remote(url),
      /TypeError: remote: the URL is .*; give an http or https URL/,
    ));
}

for (const timeout of [0, -1, NaN, Infinity, 2 ** 31]) {
  test(`remote refuses a timeout of ${timeout}`, () =>
    assert.throws(
      () => remote("http://h/", { timeout }),
      /TypeError: remote: timeout is .*; give milliseconds/,
    ));
}

test("an entry of a class keeps its methods when a coding is selected", async () => {
  class Stored implements Entry {
    readonly name = "x.js.br";
    readonly size = 2;
    readonly etag = '"s"';
    open(): Uint8Array<ArrayBuffer> {
      return new TextEncoder().encode("br");
    }
    close(): void {}
  }
  const source: Source = { find: () => new Stored() };
  const headers = { "accept-encoding": "br" };
  const app = serveStatic({ "/": source }, { precompressed: ["br"] })(fallback);
  const response = await app(new Request("http://host/x.js", { headers }));
  assert.equal(await response.text(), "br");
});
