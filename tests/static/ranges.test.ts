/** Ranges of a file, as a table: the request's fields and what is answered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { notFound, serveStatic } from "handwerk";
import { Memory } from "../support/memory.ts";

const lastModified = Date.UTC(2026, 0, 2, 3, 4, 5);
const digits = "0123456789".repeat(100);
const source = new Memory({
  "ten.txt": { text: "0123456789", etag: '"strong"', lastModified },
  "weak.txt": { text: "0123456789", etag: 'W/"weak"', lastModified },
  "empty.txt": { text: "", etag: '"empty"' },
  "long.txt": { text: digits },
});
const app = serveStatic({ "/": source })(notFound);
const get = async (path: string, headers: HeadersInit, method = "GET"): Promise<Response> =>
  await app(new Request(`http://host${path}`, { method, headers }));
const date = "Fri, 02 Jan 2026 03:04:05 GMT";

// [path, fields, status, Content-Range, content]
const cases: readonly (readonly [string, Record<string, string>, number, string | null, string])[] =
  [
    ["/ten.txt", {}, 200, null, "0123456789"],
    ["/ten.txt", { range: "bytes=0-0" }, 206, "bytes 0-0/10", "0"],
    ["/ten.txt", { range: "bytes=2-4" }, 206, "bytes 2-4/10", "234"],
    ["/ten.txt", { range: "bytes=7-" }, 206, "bytes 7-9/10", "789"],
    ["/ten.txt", { range: "bytes=-3" }, 206, "bytes 7-9/10", "789"],
    ["/ten.txt", { range: "bytes=-999" }, 206, "bytes 0-9/10", "0123456789"],
    ["/ten.txt", { range: "bytes=0-18446744073709551615" }, 206, "bytes 0-9/10", "0123456789"],
    ["/ten.txt", { range: "BYTES=0-1" }, 206, "bytes 0-1/10", "01"],
    ["/ten.txt", { range: "bytes=0-1,4-5" }, 206, "bytes 0-5/10", "012345"],
    ["/ten.txt", { range: "bytes=5-2" }, 200, null, "0123456789"],
    ["/ten.txt", { range: "bytes=a-b" }, 200, null, "0123456789"],
    ["/ten.txt", { range: "items=0-1" }, 200, null, "0123456789"],
    ["/ten.txt", { range: "bytes=0-,0-,0-" }, 200, null, "0123456789"],
    ["/ten.txt", { range: "bytes=10-" }, 416, "bytes */10", ""],
    ["/ten.txt", { range: "bytes=-0" }, 416, "bytes */10", ""],
    ["/empty.txt", { range: "bytes=0-0" }, 200, null, ""],
    ["/ten.txt", { range: "bytes=0-0", "if-range": '"strong"' }, 206, "bytes 0-0/10", "0"],
    ["/ten.txt", { range: "bytes=0-0", "if-range": '"other"' }, 200, null, "0123456789"],
    ["/ten.txt", { range: "bytes=0-0", "if-range": date }, 206, "bytes 0-0/10", "0"],
    ["/ten.txt", { range: "bytes=99-", "if-range": '"other"' }, 200, null, "0123456789"],
    [
      "/ten.txt",
      { range: "bytes=0-0", "if-range": "Fri, 02 Jan 2099 03:04:05 GMT" },
      200,
      null,
      "0123456789",
    ],
    ["/weak.txt", { range: "bytes=0-0", "if-range": 'W/"weak"' }, 200, null, "0123456789"],
    ["/ten.txt", { "if-range": '"other"' }, 200, null, "0123456789"],
    ["/ten.txt", { range: "bytes=0-0", "if-none-match": '"strong"' }, 304, null, ""],
    ["/ten.txt", { range: "bytes=99-", "if-match": '"other"' }, 412, null, ""],
  ];
for (const [path, fields, status, contentRange, content] of cases) {
  test(`${path} ${JSON.stringify(fields)}: ${status}`, async () => {
    const response = await get(path, fields);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("content-range"), contentRange);
    const text = await response.text();
    assert.equal(text, content);
    if (status < 300) assert.equal(response.headers.get("content-length"), String(text.length));
  });
}

test("If-Range: a date within the last seconds is not a strong validator", async () => {
  // Made here: in workerd, the clock stands still while code runs.
  const fresh = new Memory({ "fresh.txt": { text: "0123456789", lastModified: Date.now() } });
  const app = serveStatic({ "/": fresh })(notFound);
  const ask = async (headers: HeadersInit): Promise<Response> =>
    await app(new Request("http://host/fresh.txt", { headers }));
  const { headers } = await ask({});
  const fields = { range: "bytes=0-0", "if-range": headers.get("last-modified") ?? "" };
  assert.equal((await ask(fields)).status, 200);
});

test("HEAD ignores ranges", async () => {
  const response = await get("/ten.txt", { range: "bytes=0-0" }, "HEAD");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-length"), "10");
});

test("206 has the headers of 200", async () => {
  const names = async (headers: HeadersInit): Promise<string[]> => [
    ...(await get("/ten.txt", headers)).headers.keys(),
  ];
  const partial = await names({ range: "bytes=0-0" });
  assert.deepEqual(partial.filter((name) => name !== "content-range"), await names({}));
});

test("multipart: the parts have the order of the requested ranges", async () => {
  const response = await get("/long.txt", { range: "bytes=500-502,0-1,-2" });
  assert.equal(response.status, 206);
  assert.equal(response.headers.get("content-range"), null);
  const type = response.headers.get("content-type") ?? "";
  const boundary = /^multipart\/byteranges; boundary=([0-9a-f-]{36})$/.exec(type)?.[1];
  const text = await response.text();
  assert.equal(response.headers.get("content-length"), String(text.length));
  const part = (range: string, content: string): string =>
    `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
    `Content-Range: bytes ${range}/1000\r\n\r\n${content}\r\n`;
  assert.equal(
    text,
    `${part("500-502", "012")}${part("0-1", "01")}${part("998-999", "89")}--${boundary}--\r\n`,
  );
});

test("multipart: all parts are of the file that was found", async () => {
  const before = source.asked.length;
  await (await get("/long.txt", { range: "bytes=0-1,500-501,900-901" })).text();
  assert.equal(source.asked.length - before, 1);
});

test("multipart: a cancelled body opens no further parts", async () => {
  const before = source.opened;
  const response = await get("/long.txt", { range: "bytes=0-1,500-501,900-901" });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.read();
  await reader?.cancel();
  assert.equal(source.opened - before, 1);
});
