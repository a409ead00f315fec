/** Response bodies that fail: what came before is sent, and the client sees that the rest is missing. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { connect } from "node:net";
import { test } from "node:test";
import type { Handler } from "handwerk";
import { makePushResponse } from "../../src/host/push_body.ts";
import { mountAware } from "../../src/mount.ts";
import { tls } from "../support/http2.ts";
import { answer, serving } from "../support/source_host.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const headers = { "x-head": "sent" };
const pushing = (text: string): Handler =>
  mountAware((request) =>
    makePushResponse(request, {
      start(sink) {
        sink.write(bytes(text));
        sink.fail(new Error("broken"));
      },
      resume: () => {},
      cancel: () => {},
    }, { status: 200, fields: ["x-head", "sent"] })
  );
const handlers: Readonly<Record<string, Handler>> = {
  "a stream that fails when it is read again": () => {
    let count = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (count++ === 0) controller.enqueue(bytes("first"));
          else controller.error(new Error("broken"));
        },
      }, { highWaterMark: 0 }),
      { headers },
    );
  },
  "a short chunk that is pushed": pushing("first"),
  "a long chunk that is pushed": pushing("first".repeat(2000)),
};

for (const [name, fetch] of Object.entries(handlers)) {
  test(`failing body: the headers and the first chunk are sent before the cut: ${name}`, async () => {
    const { text } = await answer(fetch, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert.match(text, /^HTTP\/1\.1 200 OK\r\nx-head: sent\r\n[^]*first/i);
    assert.doesNotMatch(text, /\r\n0\r\n\r\n$/);
  });

  test(`failing body, HTTP/1.0: the connection is reset, as its end would be the end of the body: ${name}`, async () => {
    await serving(fetch, async (port) => {
      const socket = connect(port, "127.0.0.1").resume();
      socket.write("GET / HTTP/1.0\r\nHost: h\r\n\r\n");
      const [error] = await once(socket, "error") as [NodeJS.ErrnoException];
      assert.equal(error.code, "ECONNRESET");
    });
  });

  test(`failing body, HTTP/2: the headers and the first chunk are sent before the reset: ${name}`, async () => {
    await serving(fetch, async (port) => {
      const session = http2.connect(`https://localhost:${port}`, { rejectUnauthorized: false });
      const stream = session.request({ ":path": "/" });
      let [text, head] = ["", undefined as unknown];
      stream.on("response", (fields) => head = fields["x-head"]);
      stream.on("data", (chunk: Buffer) => text += chunk.toString());
      await once(stream, "error");
      session.destroy();
      assert.deepEqual([head, stream.rstCode, text.slice(0, 5)], ["sent", 2, "first"]);
    }, { tls, http2: true });
  });
}

test("failing body: the headers of a stream that failed early are sent before the cut", async () => {
  const fetch: Handler = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes("lost"));
          controller.error(new Error("broken"));
        },
      }),
      { headers },
    );
  const { text } = await answer(fetch, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert.match(text, /^HTTP\/1\.1 200 OK\r\nx-head: sent\r\n/i);
  assert.doesNotMatch(text, /\r\n0\r\n\r\n$/);
});
