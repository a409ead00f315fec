/** The native request of `listener`: behaves like any other `Request`. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import type { Handler } from "handwerk";
import { answer, close, serving, until } from "../support/host.ts";

const GET = `GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n`;
const POST = GET.replace("GET", "POST");

/** Runs a handler, whose client leaves once the handler has begun to wait. */
async function left(host: string, look: (request: Request) => () => void): Promise<void> {
  let check: (() => void) | undefined;
  let reason: unknown;
  const app: Handler = (request) => {
    check = look(request);
    return new Promise((_, reject) => {
      request.signal.addEventListener("abort", () => reject(reason = request.signal.reason));
    });
  };
  await serving(app, async (port) => {
    const socket = connect(port, "127.0.0.1");
    socket.write(GET.replace("Host: h", `Host: ${host}`) + "\r\n");
    await until(() => check !== undefined);
    socket.destroy();
    await until(() => reason !== undefined);
    check?.();
  });
}

test("client disconnect: aborts all signals that follow the request", async () => {
  await left("h", (request) => {
    const made = new Request(request);
    const copy = request.clone();
    const followers = {
      request: request.signal,
      made: made.signal,
      again: new Request(made).signal,
      renamed: new Request("http://other/", request).signal,
      copy: copy.signal,
      "copy of a copy": copy.clone().signal,
      "made of a copy": new Request(copy).signal,
      any: AbortSignal.any([request.signal]),
    };
    assert.deepEqual(Object.values(followers).map(({ aborted }) => aborted), Array(8).fill(false));
    return () => {
      const { reason } = request.signal;
      assert.match(String(reason), /the client closed the connection/);
      Object.assign(followers, {
        "made later": new Request(request).signal,
        "copied later": request.clone().signal,
        "made of it later": new Request(request.clone()).signal,
      });
      for (const [name, signal] of Object.entries(followers)) {
        assert.equal(signal.aborted, true, name);
        assert.equal(signal.reason, reason, name);
      }
    };
  });
});

test("client disconnect: aborts fetch(request), also when it begins later", async () => {
  let [asked, gone] = [0, 0];
  const upstream = createServer((message) => {
    asked++;
    message.socket.on("close", () => gone++);
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => upstream.once("listening", listening));
  const { port } = upstream.address() as AddressInfo;
  try {
    const errors: unknown[] = [];
    let after: Promise<void> | undefined;
    await left(`127.0.0.1:${port}`, (request) => {
      fetch(request).catch((error: unknown) => errors.push(error));
      return () => {
        after = assert.rejects(fetch(request), /the client closed the connection/);
      };
    });
    await after;
    await until(() => gone === asked && errors.length === 1);
    assert.match(String(errors), /the client closed the connection/);
  } finally {
    upstream.closeAllConnections();
    upstream.close();
  }
});

test("native request: is a Request", async () => {
  const app: Handler = async (request) => {
    const copy = request.clone();
    assert.ok(request instanceof Request && copy instanceof Request);
    assert.equal(request.constructor, Request);
    assert.equal(copy.headers.get("x-a"), "1");
    assert.equal(copy.method, "POST");
    assert.equal(copy.url, "http://h/");
    assert.equal(Object.prototype.toString.call(request), "[object Request]");
    assert.equal(request.signal, request.signal);
    return new Response(`${await copy.text()} ${await request.text()}`);
  };
  const { body } = await answer(app, `${POST}Content-Length: 2\r\n${close}hi`);
  assert.equal(body, "hi hi");
});

const content = '\ufeff{"é":"€"}';
const bytes = new TextEncoder().encode(content);
const readings: Record<string, [(request: Request) => Promise<unknown>, unknown]> = {
  text: [(request) => request.text(), content.slice(1)],
  json: [(request) => request.json(), { é: "€" }],
  bytes: [(request) => request.bytes(), bytes],
  arrayBuffer: [(request) => request.arrayBuffer(), bytes.buffer],
  blob: [async (request) => (await request.blob()).arrayBuffer(), bytes.buffer],
  stream: [(request) => new Response(request.body).bytes(), bytes],
};

for (const [name, [read, expected]] of Object.entries(readings)) {
  test(`native request: the body is read as ${name}, once`, async () => {
    let seen: unknown;
    const app: Handler = async (request) => {
      assert.equal(request.bodyUsed, false);
      seen = await read(request);
      assert.equal(request.bodyUsed, true);
      for (const [again] of Object.values(readings)) {
        await assert.rejects(async () => again(request), TypeError);
      }
      assert.throws(() => new Request(request), TypeError);
      assert.throws(() => request.clone(), TypeError);
      return new Response("read");
    };
    // In pieces that cut a character.
    const pieces = Array.from(bytes, (byte) => `1\r\n${String.fromCharCode(byte)}\r\n`).join("");
    const { body } = await answer(
      app,
      `${POST}Transfer-Encoding: chunked\r\n${close}${pieces}0\r\n\r\n`,
    );
    assert.equal(body, "read");
    assert.deepEqual(seen, expected);
  });
}

test("native request: reading an incomplete body fails", async () => {
  for (const [name, [read]] of Object.entries(readings)) {
    let failure: unknown;
    const app: Handler = async (request) => {
      await read(request).catch((error: unknown) => (failure = error));
      return new Response("never seen");
    };
    await serving(app, async (port) => {
      const socket = connect(port, "127.0.0.1");
      socket.end(`${POST}Content-Length: 100\r\n\r\n{}`);
      await until(() => failure !== undefined);
      assert.match(String(failure), /closed|abort/, name);
    });
  }
});

test("native request: without a body, every read is empty", async () => {
  const app: Handler = async (request) => {
    const texts = [await request.text(), await request.text(), (await request.bytes()).byteLength];
    await assert.rejects(async () => request.json(), SyntaxError);
    return Response.json([request.body, request.bodyUsed, ...texts]);
  };
  const { body } = await answer(app, GET + close);
  assert.equal(body, '[null,false,"","",0]');
});

test("native request: a body whose reader was released is read to its end", async () => {
  const app: Handler = async (request) => {
    request.body?.getReader().releaseLock();
    return new Response(await request.text());
  };
  const { body } = await answer(app, `${POST}Content-Length: 2\r\n${close}hi`);
  assert.equal(body, "hi");
});
