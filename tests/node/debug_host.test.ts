/** The debugger behind the host for Node. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { dispatch, type Handler, proxy } from "handwerk";
import { debug, type DebugOptions } from "handwerk/debug";
import { answer, close } from "../support/host.ts";

const options: DebugOptions = { enabled: true, console: true, pin: "246-813-579", log: () => {} };
const fails: Handler = () => {
  throw new Error("it failed");
};
const get = `GET / HTTP/1.1\r\nHost: localhost\r\n${close}`;

test("without a PIN, commands of this machine are answered, by the address of the host", async () => {
  const open = debug({ ...options, pin: false })(fails);
  const nests: readonly (readonly [Handler, number])[] = [
    [debug(options)(fails), 401],
    [(request) => open(request), 410],
    [open, 410],
    // The address is the proxy's.
    [debug({ ...options, pin: false, trustedProxies: ["127.0.0.1"] })(fails), 403],
  ];
  for (const [handler, expected] of nests) {
    const page = await answer(handler, get.replace("Host", "Accept: text/html\r\nHost"));
    const [, token] = /data-token="([^"]+)"/.exec(page.body) ?? [];
    const content = '{"error":"none"}';
    const head = [
      "POST /__debug/locals HTTP/1.1",
      "Host: localhost",
      "Content-Type: application/json",
      `Content-Length: ${content.length}`,
      `X-Debug-Token: ${token}`,
    ];
    const { status } = await answer(handler, `${head.join("\r\n")}\r\n${close}${content}`);
    assert.equal(status, expected);
  }
});

test("clientAddress gets a native request, and decides who may see the error", async () => {
  for (const address of ["127.0.0.1", "192.0.2.1"]) {
    const clientAddress = (request: Request): string => {
      assert.ok(new Request(request).url.endsWith("/"));
      return address;
    };
    const { body } = await answer(debug({ ...options, clientAddress })(fails), get);
    assert.equal(body.includes("it failed"), address === "127.0.0.1");
  }
});

test("a connection is upgraded through the debugger and other middlewares", async () => {
  const upstream = createServer().on("upgrade", (_, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    socket.once("data", (data) => socket.end(data));
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo;
  const tunnel = proxy({ "/": { target: `http://127.0.0.1:${port}/`, removePrefix: true } })(fails);
  const marked: Handler = async (request) => {
    const response = await tunnel(request);
    response.headers.set("x-seen", "1");
    return response;
  };
  const ask =
    "GET /d/e HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello";
  try {
    const mounted = dispatch({ "/d": marked })(fails);
    for (const app of [tunnel, marked, debug(options)(tunnel), debug(options)(mounted)]) {
      const { status, body } = await answer(app, ask);
      assert.deepEqual([status, body], [101, "hello"]);
    }
  } finally {
    upstream.close();
  }
});

test("live: the console evaluates in the frame that threw", async () => {
  const app = debug({ ...options, pin: false, live: { frames: 2 } })(() => {
    const held = 41;
    throw new Error(`it failed with ${held}`);
  });
  const page = await answer(app, get.replace("Host", "Accept: text/html\r\nHost"));
  const value = (name: string): string =>
    new RegExp(`data-${name}="([^"]+)"`).exec(page.body)?.[1] ?? "";
  const question = { error: value("error"), frame: Number(value("frame")), source: "held + 1" };
  const content = JSON.stringify(question);
  const head = [
    "POST /__debug/evaluate HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    `Content-Length: ${content.length}`,
    `X-Debug-Token: ${value("token")}`,
  ];
  const { status, body } = await answer(app, `${head.join("\r\n")}\r\n${close}${content}`);
  assert.equal(status, 200);
  assert.match(body, /"value":\{"kind":"number","text":"42"\}/);
});
