/** Request bodies that were read before `listener` is called. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Handler } from "handwerk";
import { mountAware } from "../../src/mount.ts";
import { listener } from "../../src/node.ts";

const echo: Handler = async (request) => {
  try {
    return new Response(`read: ${await request.text()}`);
  } catch (error) {
    return new Response(String(error), { status: 500 });
  }
};

/** Asks a server that reads the content, and does something with it, before it calls the listener. */
async function ask(
  app: Handler,
  keep: (message: IncomingMessage & { rawBody?: unknown; body?: unknown }, bytes: Buffer) => void,
): Promise<string> {
  const listen = listener(app);
  const server = createServer((message, sink) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      keep(message, Buffer.concat(chunks));
      // As a parser of Express calls the next one.
      setImmediate(() => listen(message, sink));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/`;
    return await (await fetch(url, { method: "POST", body: '{"a":"ü"}' })).text();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

for (const [name, app] of [["others'", echo], ["our own", mountAware(echo)]] as const) {
  test(`body read before: ${name} handlers get what the platform kept`, async () => {
    const whole = 'read: {"a":"ü"}';
    assert.equal(await ask(app, (message, bytes) => (message.rawBody = bytes)), whole);
    assert.equal(await ask(app, (message, bytes) => (message.rawBody = bytes.toString())), whole);
    assert.equal(await ask(app, (message, bytes) => (message.body = bytes)), whole);
    assert.equal(
      await ask(app, (message, bytes) => {
        message.rawBody = bytes;
        message.body = JSON.parse(bytes.toString());
      }),
      whole,
    );
  });

  test(`body read before: without a copy, ${name} handlers get an error with the remedy`, async () => {
    for (
      const keep of [() => {}, (message: { body?: unknown }, bytes: Buffer) => {
        message.body = JSON.parse(bytes.toString());
      }]
    ) {
      const text = await ask(app, keep);
      assert.match(text, /^TypeError: serve: the request body was read before/);
      assert.match(text, /rawBody/);
    }
  });
}
