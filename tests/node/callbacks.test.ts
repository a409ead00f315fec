/** Callbacks of the user under serve: they get native requests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compose,
  memory,
  type ProxyOptions,
  proxyTo,
  serveStatic,
  type TargetOptions,
} from "handwerk";
import { debug } from "handwerk/debug";
import { hashBy } from "handwerk/upstreams";
import { rawRequest } from "../support/raw_request.ts";
import { close, serving } from "../support/host.ts";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

const get = `GET /a HTTP/1.1\r\nHost: h\r\n${close}`;

/** Records the requests of callbacks; a getter throws for anything but a native request. */
function notes(): {
  readonly seen: string[];
  readonly note: (where: string, request: Request) => undefined;
} {
  const seen: string[] = [];
  const note = (where: string, request: Request): undefined => {
    const copy = new Request(request.url, { method: request.method, headers: request.headers });
    assert.equal(
      Object.getOwnPropertyDescriptor(Request.prototype, "url")?.get?.call(request),
      copy.url,
    );
    seen.push(`${where} ${new URL(copy.url).pathname}`);
  };
  return { seen, note };
}

async function upstreamFor(use: (upstream: RawUpstream) => Promise<void>): Promise<void> {
  const upstream = await rawUpstream();
  try {
    await use(upstream);
  } finally {
    upstream.close();
  }
}

test("callbacks of proxy: get a native request", () =>
  upstreamFor(async (upstream) => {
    const { seen, note } = notes();
    const options: ProxyOptions = {
      clientAddress: (request) => note("clientAddress", request),
      onRequest: (_outgoing, request) => note("onRequest", request),
      onInformational: (_status, _fields, request) => note("onInformational", request),
      onResponse: (_response, request) => note("onResponse", request),
    };
    const target: TargetOptions = {
      target: [upstream.url, upstream.url],
      balance: hashBy(({ request }) => note("key", request), (upstreams, { request }) => {
        note("balance", request);
        return upstreams[0] as typeof upstreams[number];
      }),
    };
    upstream.onRequest = (connection) =>
      connection.write(
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      );
    await serving(proxyTo(target, options), (port) => rawRequest(port, get));
    assert.deepEqual(
      seen.map((line) => line.split(" ")[0]),
      ["clientAddress", "key", "balance", "onRequest", "onInformational", "onResponse"],
    );
    assert.ok(seen.every((line) => line.endsWith(" /a")));
  }));

test("onError of proxy: gets a native request", () =>
  upstreamFor(async (upstream) => {
    const { seen, note } = notes();
    upstream.onRequest = (connection) => connection.end();
    const app = proxyTo(upstream.url, { onError: (_error, request) => note("onError", request) });
    const { head } = await serving(app, (port) => rawRequest(port, get));
    assert.match(head, /^HTTP\/1\.1 502 /);
    assert.deepEqual(seen, ["onError /a"]);
    const post = get.replace("GET", "POST").replace("Host", "Content-Length: 2\r\nHost") + "hi";
    const { status } = await serving(app, (port) => rawRequest(port, post));
    assert.equal(status, 502);
    assert.deepEqual(seen, ["onError /a", "onError /a"]);
  }));

test("callbacks of serveStatic and debug: get a native request", async () => {
  const { seen, note } = notes();
  const app = compose(
    debug({
      enabled: true,
      clientAddress: (request) => note("clientAddress", request),
      log: () => {},
    }),
    serveStatic({ "/a": memory({ "": "a" }) }, {
      headers: (_path, _fields, { request }) => note("headers", request),
      onServe: ({ request }) => note("onServe", request),
    }),
  )(() => Promise.reject(new Error("thrown")));
  await serving(app, (port) => rawRequest(port, get));
  await serving(app, (port) => rawRequest(port, get.replace("/a", "/b")));
  assert.deepEqual(seen, ["headers /a", "onServe /a", "clientAddress /b"]);
});

test("X-Forwarded-For: has the address of the client, behind trusted proxies", () =>
  upstreamFor(async (upstream) => {
    let heard = "";
    upstream.onRequest = (connection, head) => {
      heard = /^x-forwarded-for: (.*?)\r?$/im.exec(head)?.[1] ?? "";
      connection.write("HTTP/1.1 204 No Content\r\n\r\n");
    };
    const spoken = get.replace("Host: h", "Host: h\r\nX-Forwarded-For: 192.0.2.7");
    await serving(proxyTo(upstream.url), (port) => rawRequest(port, spoken));
    assert.equal(heard, "127.0.0.1");
    const trusting = proxyTo(upstream.url, { trustedProxies: ["127.0.0.1"] });
    await serving(trusting, (port) => rawRequest(port, spoken));
    assert.equal(heard, "192.0.2.7, 127.0.0.1");
  }));

test("header lines: forwarded as they came, cookies as one line", () =>
  upstreamFor(async (upstream) => {
    let heard = "";
    upstream.onRequest = (connection, head) => {
      heard = head;
      connection.write("HTTP/1.1 204 No Content\r\n\r\n");
    };
    const lines = "Cookie: a=1\r\nX-B: 1\r\nCookie: b=2\r\nX-A: 1\r\nX-B: 2\r\nTE: trailers\r\n" +
      "X-Hop: 1\r\nConnection: X-Hop";
    await serving(
      proxyTo(upstream.url, { via: false, xForwarded: "off" }),
      (port) => rawRequest(port, get.replace("Host: h", `Host: h\r\n${lines}`)),
    );
    assert.deepEqual(heard.split("\r\n").filter((line) => /^(?:x-|te|cookie)/i.test(line)), [
      "x-b: 1",
      "x-a: 1",
      "x-b: 2",
      "cookie: a=1; b=2",
    ]);
  }));

test("streaming: the headers are forwarded before the body", () =>
  upstreamFor(async (upstream) => {
    upstream.onRequest = async (connection) => {
      connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
      await connection.closed;
    };
    await serving(proxyTo(upstream.url), async (port) => {
      const leave = new AbortController();
      const { status } = await fetch(`http://127.0.0.1:${port}/`, { signal: leave.signal });
      assert.equal(status, 200);
      // The upstream's connection closes when the client leaves.
      leave.abort();
      await upstream.connections[0]?.closed;
    });
  }));
