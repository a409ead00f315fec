/** Trailer fields on their way from the upstream to the client. */
import assert from "node:assert/strict";
import { connect, createServer } from "node:http2";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import {
  type Handler,
  type ProxyOptions,
  proxyTo,
  type TargetOptions,
  type Transport,
} from "handwerk";
import { serve } from "handwerk/node";
import { retries } from "handwerk/upstreams";
import { agentTransport, httpTransport } from "../../src/platform/node_adapter.ts";
import { runtimeTransport } from "../../src/platform/current.ts";
import type { AgentConstructor } from "../../src/transport/undici.ts";
import { ca, tls } from "../support/http2.ts";
import { rawRequest } from "../support/raw_request.ts";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

const undici7: unknown = createRequire(import.meta.url)("undici7/lib/dispatcher/agent.js");
const transports: Readonly<Record<string, Transport>> = {
  "undici 8": runtimeTransport(),
  "undici 7": agentTransport(undici7 as AgentConstructor),
  "node:http": httpTransport(),
};

let upstream: RawUpstream;
before(async () => {
  upstream = await rawUpstream();
});
after(() => upstream.close());
const chunked =
  "HTTP/1.1 200 OK\r\nTrailer: X-Sum, Content-Type\r\nTransfer-Encoding: chunked\r\n\r\n";
const trailing =
  "3\r\nabc\r\n0\r\nX-Sum: caf\xe9\r\nContent-Type: text/evil\r\nSet-Cookie: a=1\r\nx-sum: 2\r\n\r\n";
const answer = (response: string): void => {
  upstream.onRequest = (connection) => connection.write(Buffer.from(response, "latin1"));
};
beforeEach(() => answer(chunked + trailing));

/** What a client receives, byte for byte. */
async function received(
  request: string,
  { transport, target, options, wrap = (app) => app }: {
    readonly transport?: Transport;
    readonly target?: Partial<TargetOptions>;
    readonly options?: ProxyOptions;
    readonly wrap?: (app: Handler) => Handler;
  } = {},
): Promise<{ readonly head: string; readonly body: string }> {
  const app = proxyTo({ target: upstream.url, ...target }, {
    onError: () => {},
    ...(transport ? { transport } : {}),
    ...options,
  });
  const server = await serve({ fetch: wrap(app), port: 0, hostname: "127.0.0.1", onError() {} });
  const answered = await rawRequest(server.port, request);
  await server.close(true);
  return answered;
}
const get = (fields: string, method = "GET", version = "1.1"): string =>
  `${method} / HTTP/${version}\r\nHost: front\r\nConnection: close, TE\r\n${fields}\r\n`;
const asking = get("TE: trailers\r\n");
const passed = "3\r\nabc\r\n0\r\nx-sum: caf\xe9, 2\r\n\r\n";

for (const [name, transport] of Object.entries(transports)) {
  test(`trailers (${name}): reach a client that accepts them, with Trailer`, async () => {
    const { head, body } = await received(asking, { transport });
    assert.equal(body, passed);
    assert.match(head, /^transfer-encoding: chunked$/im);
    assert.match(head, /^trailer: x-sum\r?$/im);
  });

  test(`trailers (${name}): pass middlewares that watch the body`, async () => {
    const watching: [Partial<TargetOptions>, ProxyOptions][] = [
      [{ retry: retries() }, {}],
      [{}, { timeout: { idle: 5000 } }],
      [{ retry: retries() }, { timeout: { total: 5000 } }],
    ];
    for (const [target, options] of watching) {
      assert.equal((await received(asking, { transport, target, options })).body, passed);
    }
  });

  test(`trailers (${name}): not sent without TE: trailers`, async () => {
    for (const fields of ["", "TE: gzip\r\n"]) {
      const { head, body } = await received(get(fields), { transport });
      assert.match(body, /^(?:abc|3\r\nabc\r\n0\r\n\r\n)$/);
      assert.doesNotMatch(head, /^trailer:/im);
    }
  });

  test(`trailers (${name}): a cut trailer section cuts the response`, async () => {
    upstream.onRequest = (connection) => {
      connection.write(`${chunked}3\r\nabc\r\n0\r\nX-Sum: 1\r\n`);
      connection.end();
    };
    const { body } = await received(asking, { transport });
    assert.doesNotMatch(body, /0\r\n/);
  });
}

for (const [name, transport] of Object.entries(transports)) {
  test(`trailers (${name}): an endless trailer section is cut`, async () => {
    upstream.onRequest = async (connection) => {
      connection.write(`${chunked}3\r\nabc\r\n0\r\n`);
      const gone = connection.closed.then(() => true);
      const next = (): Promise<boolean> =>
        new Promise((resolve) => setTimeout(() => resolve(false)));
      while (!await Promise.race([gone, next()])) {
        connection.write(`X-More: ${"x".repeat(8000)}\r\n`);
      }
    };
    const { body } = await received(asking, { transport });
    assert.doesNotMatch(body, /0\r\n/);
  });

  if (!transport.capabilities.has("http2")) continue;
  test(`trailers (${name}): those of an HTTP/2 upstream are forwarded`, async () => {
    const server = createServer((_request, response) => {
      response.write("abc");
      response.addTrailers({ "x-sum": "1", "content-type": "text/evil" });
      response.end();
    });
    // Node 22 waits for idle sessions.
    server.on("session", (session) => session.unref());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { body } = await received(asking, {
      transport,
      target: { target, http2: "prior knowledge" },
    });
    assert.equal(body, "3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n");
    server.close();
  });
}

test("trailers: not sent to HTTP/1.0", async () => {
  for (const te of ["trailers", "trailers, chunked"]) {
    const { head, body } = await received(get(`TE: ${te}\r\n`, "GET", "1.0"));
    assert.doesNotMatch(head, /^trailer:/im);
    assert.doesNotMatch(body, /x-sum/i);
    assert.match(body, /abc/);
  }
});

test("trailers: sent after an empty body and after one that comes at once", async () => {
  answer(`${chunked}0\r\nX-Sum: 1\r\n\r\n`);
  assert.equal((await received(asking)).body, "0\r\nx-sum: 1\r\n\r\n");
  assert.equal(
    (await received(asking, { target: { retry: retries() } })).body,
    "0\r\nx-sum: 1\r\n\r\n",
  );
});

test("trailers: not sent for HEAD and with Content-Length", async () => {
  const { head, body } = await received(get("TE: trailers\r\n", "HEAD"));
  assert.equal(body, "");
  assert.doesNotMatch(head, /^trailer:/im);
  answer("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nContent-Length: 3\r\n\r\nabc");
  const sized = await received(asking);
  assert.equal(sized.body, "abc");
  assert.doesNotMatch(sized.head, /^trailer:/im);
});

test("trailers: kept when a middleware adds a header; lost in a new Response", async () => {
  const adding = (inner: Handler): Handler => async (request) => {
    const response = await inner(request);
    response.headers.set("x-added", "1");
    return response;
  };
  const added = await received(asking, { wrap: adding });
  assert.match(added.head, /^x-added: 1\r?$/im);
  assert.equal(added.body, passed);
  const copying = (inner: Handler): Handler => async (request) =>
    new Response((await inner(request)).body);
  assert.doesNotMatch((await received(asking, { wrap: copying })).body, /x-sum/);
});

test("trailers: dropped with a decoded body, which they may not describe", async () => {
  for (const decoded of [false, true]) {
    const transport: Transport = {
      capabilities: new Set(),
      send: () =>
        Promise.resolve({
          status: 200,
          reason: "",
          fields: [],
          body: new Response("abc").body,
          trailers: Promise.resolve([["content-digest", "sha-256=:AA==:"]] as const),
          decoded,
        }),
    };
    const { body } = await received(asking, { transport });
    assert.equal(/content-digest/.test(body), !decoded);
  }
});

test("trailers: reach clients of HTTP/2", async () => {
  const app = proxyTo(upstream.url, { onError: () => {} });
  const server = await serve({ fetch: app, port: 0, hostname: "127.0.0.1", tls, http2: true });
  const session = connect(`https://localhost:${server.port}`, { ca });
  const ask = async (): Promise<Record<string, unknown>> => {
    const stream = session.request({ ":path": "/", te: "trailers" });
    const trailers = new Promise((resolve) => stream.once("trailers", resolve));
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    assert.equal(text, "abc");
    return await trailers as Record<string, unknown>;
  };
  assert.equal((await ask())["x-sum"], "caf\xe9, 2");
  // Node's server throws at two values of such a field.
  answer(`${chunked}3\r\nabc\r\n0\r\nETag: "a"\r\nETag: "b"\r\n\r\n`);
  assert.equal((await ask())["etag"], '"a", "b"');
  session.close();
  await server.close(true);
});
