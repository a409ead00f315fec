/** Client disconnects before the end of the response. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import type { Handler } from "handwerk";
import { mountAware } from "../../src/mount.ts";
import { until } from "../support/host.ts";
import { serving } from "../support/source_host.ts";

const post = (length: number, content: string): string =>
  `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n${content}`;

/** Sends bytes, and leaves when the handler has begun. */
async function leaving(app: Handler, bytes: string): Promise<void> {
  let [begun, done] = [false, false];
  const fetch: Handler = async (request) => {
    begun = true;
    try {
      return await app(request);
    } finally {
      done = true;
    }
  };
  await serving(fetch, async (port) => {
    const client = connect(port, "127.0.0.1").on("error", () => {});
    client.write(bytes);
    await until(() => begun);
    client.destroy();
    await until(() => done);
  });
}
const left = async ({ signal }: Request): Promise<void> => {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
};

for (const size of [15, 60_000]) {
  const content = "x".repeat(size);
  const reads: Readonly<Record<string, (request: Request) => Promise<string>>> = {
    "as text": async (request) => await request.text(),
    "as bytes": async (request) => Buffer.from(await request.arrayBuffer()).toString(),
    "as a stream": async ({ body }) => await new Response(body).text(),
    "from a clone": async (request) => await request.clone().text(),
  };
  for (const [name, read] of Object.entries(reads)) {
    test(`client disconnect: a complete body of ${size} bytes can still be read ${name}`, async () => {
      let text = "";
      await leaving(async (request) => {
        await left(request);
        text = await read(request);
        return new Response();
      }, post(size, content));
      assert.equal(text, content);
    });
  }

  test(`client disconnect: a complete body of ${size} bytes that is being read is read to its end`, async () => {
    let text = "";
    await leaving(async (request) => {
      const reader = request.body?.getReader();
      const decoder = new TextDecoder();
      text += decoder.decode((await reader?.read())?.value);
      await left(request);
      for (;;) {
        const { done, value } = await reader?.read() ?? { done: true, value: undefined };
        if (done) return new Response();
        text += decoder.decode(value);
      }
    }, post(size, content));
    assert.equal(text, content);
  });
}

test("client disconnect: our own handlers can read a complete body, too", async () => {
  let text = "";
  await leaving(
    mountAware(async (request) => {
      await left(request);
      text = await request.text();
      return new Response();
    }),
    post(5, "whole"),
  );
  assert.equal(text, "whole");
});

for (const when of ["before", "after"] as const) {
  test(`client disconnect: reading an incomplete body ${when} it fails with the reason of the signal`, async () => {
    let [error, reason]: unknown[] = [];
    await leaving(async (request) => {
      if (when === "after") await left(request);
      await request.text().catch((failed: unknown) => (error = failed));
      await left(request);
      ({ reason } = request.signal);
      return new Response();
    }, post(100, "half"));
    assert.ok(error instanceof DOMException && error instanceof Error);
    assert.deepEqual([error.name, error.message], [
      "AbortError",
      "the client closed the connection",
    ]);
    assert.equal(error, reason);
  });
}
