/** Limits and timeouts of HTTP/2. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Handler, notFound, serveStatic } from "handwerk";
import { serve } from "handwerk/node";
import { type ServerTimeouts } from "../../src/node.ts";
import { unsoundHttp2 } from "../../src/node/server_limits.ts";
import { until } from "../support/host.ts";
import { isEnd, ofType, request, servingHttp2 } from "../support/http2.ts";
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  literal,
  number,
  type RawClient,
  requestFields,
  RST_STREAM,
  SETTINGS,
} from "../support/raw_http2.ts";
import { temporary } from "../support/temp.ts";

const never = (): Promise<Response> => new Promise(() => {});
/** SETTINGS_INITIAL_WINDOW_SIZE of 0 (RFC 9113 §6.5.2). */
const noWindow = Buffer.concat([Buffer.from([0, 4]), number(0)]);
const tick = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("HTTP/2: 100 concurrent requests per connection", async () => {
  let count = 0;
  await servingHttp2(() => (count++, never()), {}, async (client) => {
    const settings = await client.until(ofType(SETTINGS));
    assert.ok(settings.payload.includes(Buffer.concat([Buffer.from([0, 3]), number(100)])));
    await tick(50); // until it knows that we know
    for (let i = 0; i < 100; i++) client.send(request("GET", 2 * i + 1));
    await until(() => count === 100);
    client.send(request("GET", 201));
    await client.until((got) => got.type === RST_STREAM || got.type === GOAWAY);
    assert.equal(count, 100);
  });
});

test("HTTP/2: 16 KiB of headers per request", async () => {
  const fields = (count: number) =>
    Array.from({ length: count }, (_, i) => [`x-${i}`, "x".repeat(100)] as const);
  const asking = (stream: number, count: number): Buffer => {
    const block = requestFields("GET", "/", ...fields(count));
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, block.subarray(0, 16_384));
  };
  await servingHttp2(() => new Response("ok"), {}, async (client) => {
    client.send(asking(1, 80)); // 32 bytes more a field (RFC 9113 §6.5.2)
    assert.ok((await client.until(({ stream }) => stream === 1)).type === HEADERS);
    client.send(asking(3, 125));
    await client.until(({ type, stream }) => type === RST_STREAM && stream === 3);
  });
});

test("HTTP/2: files for a client that does not read take little memory", async () => {
  const root = temporary({});
  writeFileSync(join(root, "large.bin"), Buffer.alloc(4 * 1024 * 1024));
  const app = serveStatic({ "/": root })(notFound);
  await servingHttp2(app, {}, async (client) => {
    await client.until(ofType(SETTINGS));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 100; i++) client.send(request("GET", 2 * i + 1, "/large.bin"));
    await until(() => client.frames.filter(ofType(HEADERS)).length === 100);
    await tick(200);
    const cost = process.memoryUsage().arrayBuffers - before;
    assert.ok(cost < 20 * 1024 * 1024, `${cost}`);
  }, noWindow);
});

test("HTTP/2: small chunks of a body are joined, in order", async () => {
  let goOn = (): void => {};
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  let first: number | undefined;
  const reading: Handler = async (request) => {
    await gate;
    const reader = request.body?.getReader();
    let text = "";
    for (;;) {
      const read = await reader?.read();
      if (!read || read.done) return new Response(text);
      first ??= read.value.byteLength;
      text += new TextDecoder().decode(read.value);
    }
  };
  await servingHttp2(reading, {}, async (client) => {
    const sent = Array.from({ length: 20_000 }, (_, i) => String(i % 10));
    client.send(request("POST", 1), ...sent.map((digit) => frame(DATA, 0, 1, Buffer.from(digit))));
    client.send(frame(DATA, END_STREAM, 1, Buffer.from(".")));
    await tick(100);
    goOn();
    await client.until(isEnd);
    const got = Buffer.concat(client.frames.filter(ofType(DATA)).map(({ payload }) => payload));
    assert.equal(got.toString(), `${sent.join("")}.`);
    assert.ok((first ?? 0) > 1000, `${first}`);
  });
});

test("timeouts.headers: closes an HTTP/2 connection without a request", async () => {
  const silent: Readonly<Record<string, (client: RawClient) => void>> = {
    "nothing": () => {},
    "fields without end": (client) => {
      client.send(frame(HEADERS, 0, 1, requestFields("GET", "/")));
      client.send(frame(9, 0, 1, literal("x-a", "b")));
    },
  };
  for (const [what, send] of Object.entries(silent)) {
    await servingHttp2(never, { headers: 100 }, async (client) => {
      send(client);
      await Promise.race([client.closed, tick(4000).then(() => assert.fail(what))]);
    });
  }
});

test("timeouts.idle: closes an idle HTTP/2 connection with GOAWAY", async () => {
  await servingHttp2(() => new Response("ok"), { idle: 100 }, async (client) => {
    client.send(request("GET", 1));
    const goaway = await client.until(ofType(GOAWAY));
    assert.equal(goaway.payload.readUInt32BE(4), 0);
    await client.closed;
  });
});

test("timeouts.request: resets an HTTP/2 stream whose body takes too long", async () => {
  let failed: unknown;
  const reading: Handler = async (request) => {
    await request.text().catch((error: unknown) => (failed = error));
    return new Response("late");
  };
  await servingHttp2(reading, { request: 200 }, async (client) => {
    client.send(request("POST", 1));
    const trickle = setInterval(() => client.send(frame(DATA, 0, 1, Buffer.alloc(1))), 20);
    await client.until(ofType(RST_STREAM));
    clearInterval(trickle);
    await until(() => failed !== undefined);
  });
});

test("timeouts.send: resets an HTTP/2 stream whose client does not read", async () => {
  let cancelled = false;
  const sending: Handler = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(500)),
        cancel: () => void (cancelled = true),
      }),
    );
  await servingHttp2(sending, { send: 100 }, async (client) => {
    client.send(request("GET", 1));
    await client.until(ofType(RST_STREAM));
    await until(() => cancelled);
  }, noWindow);
});

test("timeouts: do not apply to slow handlers and quiet responses", async () => {
  const short = { headers: 50, request: 50, idle: 50, send: 50 };
  const quiet: Handler = async (request) => {
    if (request.method === "POST") await tick(300);
    return new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new Uint8Array(10));
          await tick(300);
          controller.enqueue(new Uint8Array(10));
          controller.close();
        },
      }),
    );
  };
  await servingHttp2(quiet, short, async (client) => {
    client.send(
      request("GET", 1),
      request("POST", 3),
      frame(DATA, END_STREAM, 3, Buffer.alloc(10)),
    );
    for (const stream of [1, 3]) {
      await client.until((got) => isEnd(got) && got.stream === stream);
    }
    assert.ok(!client.frames.some(ofType(RST_STREAM)));
  });
});

test("timeouts: 0 is no limit; rejects wrong values", async () => {
  const none = { headers: 0, request: 0, idle: 0, send: 0 };
  await servingHttp2(() => new Response("ok"), none, async (client) => {
    await tick(100);
    client.send(request("GET", 1));
    await client.until(ofType(HEADERS));
  });
  for (const timeouts of [{ headers: -1 }, { request: "1" }, { idel: 1 }, 5, null]) {
    await assert.rejects(
      serve({ fetch: notFound, port: 0, timeouts: timeouts as ServerTimeouts }),
      { name: "TypeError", message: /serve: timeouts/ },
    );
  }
});

test("http2: serve warns on a Node version with a known flaw", async () => {
  assert.match(unsoundHttp2("22.23.3") ?? "", /^serve: .*Node 22\.23\.3 .*use Node 24/);
  assert.deepEqual([unsoundHttp2("24.0.0"), unsoundHttp2("26.10.0")], [undefined, undefined]);
  const warnings: Error[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  process.on("warning", listen);
  await servingHttp2(notFound, {}, async () => await tick(0));
  process.off("warning", listen);
  const unsound = unsoundHttp2(process.versions.node);
  assert.deepEqual(
    warnings.filter(({ message }) => message.startsWith("serve:")).map(({ message }) => message),
    unsound === undefined ? [] : [unsound],
  );
});

test("HTTP/2: a path with other characters than ASCII is a 400, as on HTTP/1.1", async () => {
  await servingHttp2((request) => new Response(request.url), {}, async (client) => {
    for (const [i, path] of ["/\xc3\xa9", "/a?\xe9"].entries()) {
      client.send(request("GET", 2 * i + 1, path));
      const { payload } = await client.until(({ type, stream }) =>
        type === HEADERS && stream === 2 * i + 1
      );
      assert.equal(payload[0], 0x8c); // `:status: 400` (RFC 7541, appendix A)
    }
  });
});
