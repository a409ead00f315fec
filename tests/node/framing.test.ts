/** Where messages begin and end on a connection to the host for Node. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../src/handler.ts";
import { rawRequest } from "../support/raw_request.ts";
import { answer, close, get, own, serving } from "../support/host.ts";

const echo: Handler = async (request) => new Response(await request.text());
const head = "HTTP/1.1\r\nHost: h\r\n";
const next = `GET /next ${head}${close}`;
const count = (text: string): number => text.split("HTTP/1.1 ").length - 1;

test("the content of a handler that answers at once has its length, too", async () => {
  const sync = await answer(() => new Response("text"));
  assert.match(sync.head, /\r\ncontent-length: 4/);
  assert.equal(sync.body, "text");
  const lying = await answer(() => new Response("text", { headers: { "content-length": "9" } }));
  assert.equal(lying.status, 500);
  const refused = await answer(echo, get.replace("/a/b", "/../b"));
  assert.match(refused.head, /^HTTP\/1.1 400 [\s\S]*\r\ncontent-length: 11/);
});

test("transfer codings that are not taken off are refused", async () => {
  const content = "3\r\nabc\r\n0\r\n\r\n";
  for (
    const [coding, version, expected] of [
      ["chunked", "1.1", 200],
      ["Chunked", "1.1", 200],
      ["gzip, chunked", "1.1", 501],
      ["chunked", "1.0", 400],
    ] as const
  ) {
    const fields = `Host: h\r\nConnection: keep-alive\r\nTransfer-Encoding: ${coding}\r\n\r\n`;
    const bytes = `POST / HTTP/${version}\r\n${fields}${content}${next}`;
    const { status, text } = await answer(echo, bytes);
    assert.deepEqual([status, count(text)], [expected, expected === 200 ? 2 : 1], coding);
  }
});

test("nothing is asked on a connection after a request that is none", async () => {
  for (const start of ["GET /../x", "TRACE /", "GET http://other/", "GET *"]) {
    const { head: answered, text } = await answer(echo, `${start} ${head}\r\n${next}`);
    assert.match(answered, /^HTTP\/1.1 (?:400|501) [\s\S]*\r\nconnection: close/i);
    assert.equal(count(text), 1);
  }
});

test("no answer passes for that to a request that came with a declined upgrade", async () => {
  const asks = [
    `GET / ${head}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`,
    `POST / ${head}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc`,
  ];
  await serving(echo, async (port) => {
    for (const ask of asks) {
      const { head: answered } = await rawRequest(port, ask + next);
      assert.match(answered, /\r\nconnection: close/i);
    }
  }, own);
});
