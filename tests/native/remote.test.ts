/** Another origin server as a source, and data of an installed package. */
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { notFound, serveStatic } from "handwerk";
import { packageData, remote } from "handwerk/static";

const content = Buffer.from("0123456789".repeat(30));
const fields = {
  etag: '"o"',
  "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
  "content-type": "text/x",
};
let asked: string[] = [];
let gets = 0;
let left: (() => void) | undefined;
/** What the origin does with a GET of these paths, after a HEAD that promised the content. */
const odd: Record<string, (response: ServerResponse) => unknown> = {
  "/base/ignores-ranges": (response) =>
    response.writeHead(200, { ...fields, "content-length": content.length }).end(content),
  "/base/other-range": (response) =>
    response.writeHead(206, {
      ...fields,
      "content-range": "bytes 0-2/300",
      "content-length": 3,
    }).end("012"),
  "/base/changes-once": (response) => {
    if (gets++ === 0) return response.writeHead(412).end();
    return response.writeHead(200, { ...fields, "content-length": content.length }).end(content);
  },
  "/base/changes-always": (response) =>
    response.writeHead(200, { ...fields, etag: '"new"', "content-length": 5 }).end("other"),
  "/base/fails-late": (response) => response.writeHead(503).end(),
  "/base/coded": (response) =>
    response.writeHead(200, { ...fields, "content-encoding": "gzip", "content-length": 300 }).end(),
  "/base/cut": (response) => {
    response.writeHead(200, { ...fields, "content-length": content.length });
    response.write(content.subarray(0, 10), () => response.destroy());
  },
  "/base/endless": (response) => {
    response.on("close", () => left?.());
    response.writeHead(200, { ...fields, "content-length": content.length });
    response.write(content.subarray(0, 10));
  },
};
const origin = createServer((request, response) => {
  const { url = "", method = "", headers: { range = "" } } = request;
  asked.push(`${method} ${url} ${range}`.trim());
  if (url === "/base/moved") return response.writeHead(302, { location: "/x" }).end();
  if (url === "/base/broken") return response.writeHead(500).end();
  if (url === "/base/silent") return undefined;
  if (url === "/base/without-length") {
    return response.writeHead(200, { "transfer-encoding": "chunked" }).end();
  }
  const special = odd[url];
  if (method === "GET" && special) return special(response);
  if (!special && !url.startsWith("/base/a%23b")) return response.writeHead(404).end();
  const [, start, end] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
  const part = end ? content.subarray(Number(start), Number(end) + 1) : content;
  const partial = end ? { "content-range": `bytes ${start}-${end}/${content.length}` } : {};
  response.writeHead(end ? 206 : 200, { ...fields, ...partial, "content-length": part.length });
  return response.end(method === "HEAD" ? undefined : part);
});
before(() => new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve)));
after(() => {
  origin.closeAllConnections();
  origin.close();
});
let errors: unknown[] = [];
const get = async (path: string, init?: RequestInit): Promise<Response> => {
  const { port } = origin.address() as AddressInfo;
  [asked, errors] = [[], []];
  const onError = (error: unknown): void => void errors.push(error);
  const source = remote(`http://127.0.0.1:${port}/base`, { timeout: 300, onError });
  return await serveStatic({ "/": source })(notFound)(new Request(`http://host${path}`, init));
};
const range = (value: string): RequestInit => ({ headers: { range: `bytes=${value}` } });

test("remote: a file has its validators", async () => {
  const response = await get("/a%23b");
  assert.equal(await response.text(), String(content));
  assert.equal(response.headers.get("etag"), '"o"');
  assert.equal(response.headers.get("last-modified"), "Fri, 02 Jan 2026 03:04:05 GMT");
  assert.equal(response.headers.get("content-type"), "text/x; charset=utf-8");
});

test("remote: only the requested range is fetched, and nothing for 304, 412 and HEAD", async () => {
  const part = await get("/a%23b", range("2-4"));
  assert.deepEqual([part.status, await part.text()], [206, "234"]);
  assert.deepEqual(asked, ["HEAD /base/a%23b", "GET /base/a%23b bytes=2-4"]);
  const parts = await get("/a%23b", range("0-1,200-201"));
  assert.equal(parts.status, 206);
  assert.match(await parts.text(), /\r\n\r\n01\r\n--[\s\S]*\r\n\r\n01\r\n--/);
  assert.equal(asked.length, 3);
  for (const init of [{ headers: { "if-none-match": '"o"' } }, { method: "HEAD" }]) {
    await get("/a%23b", init);
    assert.deepEqual(asked, ["HEAD /base/a%23b"]);
  }
  assert.equal((await get("/a%23b", { headers: { "if-match": '"x"' } })).status, 412);
});

test("remote: an origin may ignore ranges", async () => {
  const part = await get("/ignores-ranges", range("7-12"));
  assert.deepEqual([part.status, await part.text()], [206, "789012"]);
});

test("remote: a missing file is passed on", async () => {
  for (const path of ["/missing", "/moved"]) assert.equal((await get(path)).status, 404);
});

// [path, fields, status]
const failures: readonly (readonly [string, RequestInit, number])[] = [
  ["/broken", {}, 502],
  ["/without-length", {}, 502],
  ["/fails-late", {}, 502],
  ["/coded", {}, 502],
  ["/other-range", range("5-7"), 502],
  ["/silent", {}, 504],
];
for (const [path, init, status] of failures) {
  test(`an origin that fails is a ${status}: ${path}`, async () => {
    const response = await get(path, init);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(await response.text(), "The file cannot be delivered");
    assert.equal(errors.length, 1);
  });
}

test("remote: an unreachable origin is a 502", async () => {
  const source = remote("http://127.0.0.1:1/", { onError: () => {} });
  const response = await serveStatic({ "/": source })(notFound)(new Request("http://host/x"));
  assert.equal(response.status, 502);
});

test("remote: a changed file is looked up again, a limited number of times", async () => {
  gets = 0;
  assert.equal(await (await get("/changes-once")).text(), String(content));
  assert.equal(asked.length, 4);
  assert.equal((await get("/changes-always")).status, 503);
  assert.equal(asked.length, 6);
});

test("remote: a truncated body never looks complete", async () => {
  await assert.rejects((await get("/cut")).arrayBuffer());
});

test("remote: a client disconnect cancels the request to the origin", async () => {
  const gone = new Promise<void>((resolve) => left = resolve);
  const response = await get("/endless");
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await gone;
});

test("packageData: a folder of an installed package", async () => {
  const exports = { "/a": packageData("mime", "dist/src"), "/b": ["mime", "dist/src"] } as const;
  const app = serveStatic(exports)(notFound);
  for (const path of ["/a/index.js", "/b/index.js"]) {
    assert.equal((await app(new Request(`http://host${path}`))).status, 200);
  }
  assert.throws(
    () => serveStatic({ "/x": ["no-such-package", "."] }),
    /TypeError: serveStatic: the export "\/x": the package no-such-package is not installed; run/,
  );
  assert.throws(
    () => packageData("../mime"),
    /TypeError: packageData: the package is "..\/mime"; give the name of a package/,
  );
  assert.throws(() => packageData("mime", "none"), /TypeError: packageData: .* does not exist/);
});
