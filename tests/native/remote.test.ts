/** Another origin server as a source, and data of an installed package. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { notFound } from "../../src/handler.ts";
import { packageData, remote, serveStatic } from "../../src/static/mod.ts";

const asked: string[] = [];
const origin = createServer((request, response) => {
  asked.push(`${request.method} ${request.url} ${request.headers.range ?? ""}`.trim());
  const content = Buffer.from("0123456789");
  const fields = {
    etag: '"o"',
    "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
    "content-type": "text/x",
  };
  if (request.url === "/base/moved") return response.writeHead(302, { location: "/x" }).end();
  if (request.url === "/base/broken") return response.writeHead(500).end();
  if (!request.url?.startsWith("/base/a%23b")) return response.writeHead(404).end();
  const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
  const part = range ? content.subarray(Number(range[1]), Number(range[2]) + 1) : content;
  response.writeHead(range ? 206 : 200, { ...fields, "content-length": part.length });
  return response.end(request.method === "HEAD" ? undefined : part);
});
before(() => new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve)));
after(() => {
  origin.closeAllConnections();
  origin.close();
});
const get = async (path: string, init?: RequestInit): Promise<Response> => {
  const { port } = origin.address() as AddressInfo;
  const source = remote(`http://127.0.0.1:${port}/base`);
  return await serveStatic({ "/": source })(notFound)(new Request(`http://host${path}`, init));
};

test("a remote file is served with its validators", async () => {
  const response = await get("/a%23b");
  assert.equal(await response.text(), "0123456789");
  assert.equal(response.headers.get("etag"), '"o"');
  assert.equal(response.headers.get("last-modified"), "Fri, 02 Jan 2026 03:04:05 GMT");
  assert.equal(response.headers.get("content-type"), "text/x; charset=utf-8");
});

test("only the range that is asked for is fetched, and nothing for 304 and HEAD", async () => {
  asked.length = 0;
  const part = await get("/a%23b", { headers: { range: "bytes=2-4" } });
  assert.deepEqual([part.status, await part.text()], [206, "234"]);
  await get("/a%23b", { headers: { "if-none-match": '"o"' } });
  await get("/a%23b", { method: "HEAD" });
  assert.deepEqual(asked, [
    "HEAD /base/a%23b",
    "GET /base/a%23b bytes=2-4",
    "HEAD /base/a%23b",
    "HEAD /base/a%23b",
  ]);
});

test("what the origin does not have is passed on, and what fails there fails", async () => {
  assert.equal((await get("/missing")).status, 404);
  assert.equal((await get("/moved")).status, 404);
  await assert.rejects(get("/broken"), /answered HEAD with 500/);
});

test("data of an installed package", async () => {
  const app = serveStatic({ "/mime": packageData("mime", "dist/src") })(notFound);
  assert.equal((await app(new Request("http://host/mime/index.js"))).status, 200);
  assert.throws(
    () => packageData("no-such-package"),
    /TypeError: packageData: .* not installed; run npm/,
  );
  assert.throws(() => packageData("../mime"), /TypeError: packageData: "..\/mime" is no name/);
  assert.throws(() => packageData("mime", "none"), /TypeError: directory: .* does not exist/);
});
