/** maxRequestBodySize. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type Handler, notFound, proxy } from "handwerk";
import { serve } from "handwerk/node";
import { tls } from "../support/http2.ts";
import { errors, serving, until } from "../support/host.ts";
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  rawClient,
  requestFields,
  RST_STREAM,
} from "../support/raw_http2.ts";
import { rawRequest } from "../support/raw_request.ts";

const post = (rest: string): string => `POST / HTTP/1.1\r\nHost: h\r\n${rest}`;
const sized = (size: number): string => post(`Content-Length: ${size}\r\n\r\n${"x".repeat(size)}`);
const chunk = (size: number): string => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
const chunked = (...sizes: readonly number[]): string =>
  post(`Transfer-Encoding: chunked\r\n\r\n${sizes.map(chunk).join("")}0\r\n\r\n`);
const limit = { maxRequestBodySize: 1000 };

/** Answers with the length of the content, and keeps what became of the request. */
function counting(): { fetch: Handler; calls: number; failed: unknown; aborted: boolean } {
  const counted = {
    calls: 0,
    failed: undefined as unknown,
    aborted: false,
    fetch: (async (request) => {
      counted.calls++;
      request.signal.addEventListener("abort", () => (counted.aborted = true));
      const text = await request.text().catch((error: unknown) => {
        counted.failed = error;
        throw error;
      });
      return new Response(String(text.length));
    }) as Handler,
  };
  return counted;
}

test("maxRequestBodySize: a larger Content-Length is a 413, and no handler runs", async () => {
  const counted = counting();
  await serving(counted.fetch, async (port) => {
    for (const size of [1001, 5 * 1024 * 1024]) {
      const answer = await rawRequest(port, sized(size));
      assert.equal(answer.status, 413);
      assert.match(answer.head, /\r\nConnection: close/i);
    }
    const expecting = post("Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
    assert.match((await rawRequest(port, expecting)).text, /^HTTP\/1\.1 413 /);
    const get = "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n";
    assert.equal((await rawRequest(port, get)).status, 413);
  }, limit);
  assert.equal(counted.calls, 0);
});

test("maxRequestBodySize: a body of that size is read", async () => {
  await serving(counting().fetch, async (port) => {
    for (const request of [sized(1000), chunked(500, 500), chunked(1)]) {
      assert.equal((await rawRequest(port, request, 200)).status, 200);
    }
  }, limit);
});

test("maxRequestBodySize: a chunked body that grows larger is a 413, and reading it fails", async () => {
  const before = errors.length;
  for (const sizes of [[1001], [500, 500, 1], [1000, 5 * 1024 * 1024]]) {
    const counted = counting();
    await serving(counted.fetch, async (port) => {
      const answer = await rawRequest(port, chunked(...sizes));
      assert.equal(answer.status, 413);
      assert.equal(answer.text.match(/HTTP\/1\.1/g)?.length, 1);
    }, limit);
    assert.match(String(counted.failed), /longer than 1000 bytes \(option maxRequestBodySize\)/);
    assert.ok(counted.aborted);
  }
  assert.equal(errors.length, before); // it is the client's fault
});

test("maxRequestBodySize: the 413 does not wait for the handler, and replaces its response", async () => {
  const swallowing: readonly Handler[] = [
    async (request) => {
      await request.text().catch(() => {});
      return new Response("fine");
    },
    async (request) => {
      await request.body?.pipeTo(new WritableStream()).catch(() => {});
      return await new Promise<Response>(() => {});
    },
  ];
  for (const fetch of swallowing) {
    await serving(fetch, async (port) => {
      assert.equal((await rawRequest(port, chunked(2000))).status, 413);
    }, limit);
  }
});

test("maxRequestBodySize: a response that has begun is cut", async () => {
  const echo: Handler = ({ body }) => new Response(body);
  await serving(echo, async (port) => {
    const text = await new Promise<string>((resolve) => {
      void rawRequest(port, chunked(900, 900)).then(({ text }) => resolve(text), () => resolve(""));
    });
    assert.ok(!text.endsWith("\r\n0\r\n\r\n"), text);
  }, limit);
});

test("maxRequestBodySize: a too large upload does not look complete to an upstream", async () => {
  const seen: IncomingMessage[] = [];
  const upstream = createServer((message, answer) => {
    seen.push(message.on("error", () => {}));
    message.resume().on("end", () => answer.end("whole"));
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const told: unknown[] = [];
  const app = proxy(
    { "/": `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/` },
    { onError: (error) => void told.push(error) },
  )(notFound);
  await serving(app, async (port) => {
    assert.equal((await rawRequest(port, chunked(900))).body.includes("whole"), true);
    assert.equal((await rawRequest(port, chunked(...Array<number>(20).fill(900)))).status, 413);
    await until(() => seen.every((message) => message.destroyed || message.complete));
    assert.ok(seen.slice(1).every((message) => !message.complete));
  }, limit);
  assert.deepEqual(told, []);
  upstream.closeAllConnections();
  upstream.close();
});

test("maxRequestBodySize: applies to HTTP/2", async () => {
  const counted = counting();
  const server = await serve({
    ...limit,
    fetch: counted.fetch,
    port: 0,
    hostname: "127.0.0.1",
    tls,
    http2: true,
  });
  const client = await rawClient(server.port);
  const content = async (stream: number): Promise<string> => {
    const { payload } = await client.until((got) => got.type === DATA && got.stream === stream);
    return payload.toString("latin1");
  };
  const head = (stream: number, ...fields: readonly (readonly [string, string])[]): Buffer =>
    frame(HEADERS, END_HEADERS, stream, requestFields("POST", "/", ...fields));
  client.send(head(1, ["content-length", "1001"]));
  const refused = await content(1);
  assert.equal(counted.calls, 0);
  client.send(head(3), frame(DATA, 0, 3, Buffer.alloc(1000)), frame(DATA, 0, 3, Buffer.alloc(1)));
  const grown = await content(3);
  client.send(head(5), frame(DATA, END_STREAM, 5, Buffer.alloc(1000)));
  const whole = await content(5);
  client.socket.destroy();
  await server.close(true);
  assert.deepEqual([refused, grown, whole], ["Content Too Large", "Content Too Large", "1000"]);
  assert.ok(!client.frames.some((got) => got.type === RST_STREAM && got.stream === 5));
  assert.match(String(counted.failed), /maxRequestBodySize/);
});

test("maxRequestBodySize: Infinity is no limit; rejects wrong values", async () => {
  await serving(counting().fetch, async (port) => {
    assert.equal((await rawRequest(port, chunked(100_000), 300)).body.includes("100000"), true);
  }, { maxRequestBodySize: Infinity });
  for (const maxRequestBodySize of [-1, Number.NaN, "1mb", null]) {
    await assert.rejects(
      serve({ fetch: notFound, port: 0, maxRequestBodySize: maxRequestBodySize as number }),
      {
        name: "TypeError",
        message: /^serve: maxRequestBodySize is .*; give bytes, a number, 0 or/,
      },
    );
  }
});
