/** Upstreams of HTTP/2 as the proxy meets them on Node: nothing is lost, and nothing looks whole. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp, get as getHttp } from "node:http";
import { connect, createServer as createHttp2, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { proxyTo, type Transport } from "handwerk";
import { serve } from "handwerk/node";
import { httpTransport } from "../../src/platform/node_adapter.ts";
import { runtimeTransport } from "../../src/platform/current.ts";
import { ca, tls } from "../support/http2.ts";
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  type Frame,
  frame,
  GOAWAY,
  HEADERS,
  literal,
  number,
  OK,
  PING,
  type RawHttp2,
  rawHttp2,
  RST_STREAM,
} from "../support/raw_http2.ts";

const SIZE = 300_000;

/** Listens, with as many bytes as were asked for, and trailer fields where the path says so. */
async function upstreams(): Promise<{ urls: Readonly<Record<string, string>>; close(): void }> {
  const content = Buffer.alloc(SIZE, "x");
  const sessions = new Set<ServerHttp2Session>();
  const one = createHttp((request, response) => {
    if (request.url === "/trailers") {
      response.writeHead(200, { trailer: "x-sum" });
      response.write(content);
      response.addTrailers({ "x-sum": "1" });
    } else response.write(content);
    response.end();
  });
  const two = createHttp2((request, response) => {
    response.write(content);
    if (request.url === "/trailers") response.addTrailers({ "x-sum": "1" });
    response.end();
  });
  two.on("session", (session: ServerHttp2Session) => sessions.add(session));
  const urls: Record<string, string> = {};
  for (const [version, server] of [["1.1", one], ["2", two]] as const) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    urls[version] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
  return {
    urls,
    close() {
      for (const session of sessions) session.destroy();
      one.closeAllConnections();
      one.close();
      two.close();
    },
  };
}

/** What a client receives that stops and goes on: how much, its trailer fields, how it ended. */
interface Received {
  readonly count: number;
  readonly sum: unknown;
  readonly ending: "whole" | "broken";
}

async function readSlowly(content: Readable): Promise<Pick<Received, "count" | "ending">> {
  let count = 0;
  try {
    for await (const chunk of content) {
      count += (chunk as Buffer).length;
      await new Promise((resolve) => setTimeout(resolve, count < 100_000 ? 30 : 1));
    }
  } catch {
    return { count, ending: "broken" };
  }
  return { count, ending: "whole" };
}

type Ask = (port: number, path: string) => Promise<Received>;

const clients: Readonly<Record<string, Ask>> = {
  async "1.1"(port, path) {
    const headers = { te: "trailers", connection: "te, close" };
    const asked = getHttp({ host: "127.0.0.1", port, path, headers });
    const [response] = await once(asked, "response") as [import("node:http").IncomingMessage];
    return { ...await readSlowly(response), sum: response.trailers["x-sum"] };
  },
  async "2"(port, path) {
    const session = connect(`https://localhost:${port}`, { ca });
    session.on("error", () => {});
    const stream = session.request({ ":path": path, te: "trailers" });
    stream.on("error", () => {});
    let sum: unknown;
    stream.once("trailers", (fields) => (sum = fields["x-sum"]));
    await once(stream, "response");
    const received = { ...await readSlowly(stream), sum };
    // A reset is no error to the stream itself where it has the code CANCEL or NO_ERROR.
    const ending = stream.rstCode === 0 ? received.ending : "broken";
    session.destroy();
    return { ...received, sum, ending };
  },
};

const transports: Readonly<Record<string, Transport>> = {
  "undici": runtimeTransport(),
  "node:http": httpTransport(),
};

/** Asks a proxy before an upstream. */
async function asked(
  client: string,
  path: string,
  target: string,
  upstream: string,
  transport: Transport = runtimeTransport(),
): Promise<Received> {
  const http2 = upstream === "2" ? "prior knowledge" : false;
  const app = proxyTo({ target, http2 }, { transport, onError() {} });
  const two = client === "2";
  const server = await serve({
    fetch: app,
    port: 0,
    hostname: "127.0.0.1",
    onError() {},
    ...(two ? { tls, http2: true } : {}),
  });
  try {
    return await (clients[client] as Ask)(server.port, path);
  } finally {
    await server.close(true);
  }
}

let real: Awaited<ReturnType<typeof upstreams>>;
before(async () => {
  real = await upstreams();
});
after(() => real.close());

for (const [name, transport] of Object.entries(transports)) {
  for (const client of ["1.1", "2"]) {
    for (const upstream of ["1.1", "2"]) {
      test(`${name}: a slow HTTP/${client} client gets the complete response of an HTTP/${upstream} upstream`, async () => {
        for (const path of ["/", "/trailers"]) {
          const target = real.urls[upstream] as string;
          const received = await asked(client, path, target, upstream, transport);
          const sum = path === "/trailers" ? "1" : undefined;
          assert.deepEqual(received, { count: SIZE, sum, ending: "whole" }, path);
        }
      });
    }
  }
}

/** An upstream that begins an answer, and goes on as it is told. */
async function beginning(goOn: (stream: number) => Buffer): Promise<RawHttp2> {
  const upstream = await rawHttp2();
  upstream.onFrame = ({ type, stream }, connection) => {
    if (type !== HEADERS) return;
    connection.write(frame(HEADERS, END_HEADERS, stream, OK));
    connection.write(frame(DATA, 0, stream, Buffer.alloc(1000)));
    setTimeout(() => connection.write(goOn(stream)), 20);
  };
  return upstream;
}

const endings: readonly (readonly [string, (stream: number) => Buffer])[] = [
  ["a reset with NO_ERROR", (stream) => frame(RST_STREAM, 0, stream, number(0))],
  ["a reset with CANCEL", (stream) => frame(RST_STREAM, 0, stream, number(8))],
  ["a reset with INTERNAL_ERROR", (stream) => frame(RST_STREAM, 0, stream, number(2))],
  ["GOAWAY that gives it up", () => frame(GOAWAY, 0, 0, Buffer.concat([number(0), number(0)]))],
  ["a broken frame", () => frame(PING, 0, 1, Buffer.alloc(8))],
];
for (const client of ["1.1", "2"]) {
  for (const [what, ending] of endings) {
    test(`HTTP/${client}: a response that ends with ${what} is incomplete`, async () => {
      const upstream = await beginning(ending);
      assert.equal((await asked(client, "/", upstream.url, "2")).ending, "broken");
      upstream.close();
    });
  }

  test(`HTTP/${client}: a complete response followed by a reset is complete`, async () => {
    const upstream = await beginning((stream) =>
      Buffer.concat([
        frame(DATA, END_STREAM, stream, Buffer.alloc(500)),
        frame(RST_STREAM, 0, stream, number(0)),
      ])
    );
    const { count, ending } = await asked(client, "/", upstream.url, "2");
    assert.deepEqual([count, ending], [1500, "whole"]);
    upstream.close();
  });
}

const send = (upstream: RawHttp2, init: RequestInit = {}): Promise<Response> =>
  Promise.resolve(
    proxyTo({ target: upstream.url, http2: "prior knowledge" }, { onError() {} })(
      new Request("http://front/", init),
    ),
  );

test("an upload that breaks off never looks complete", async () => {
  const upstream = await rawHttp2();
  const begun = new Promise<void>((resolve) => {
    upstream.onFrame = ({ type }) => type === DATA ? resolve() : undefined;
  });
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new Uint8Array(100));
      await begun;
      controller.error(new Error("the client left"));
    },
  });
  const response = await send(upstream, { method: "POST", body, duplex: "half" } as RequestInit);
  assert.equal(response.status, 502);
  while (!upstream.frames.some(({ type }) => type === RST_STREAM)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const ended = ({ type, flags }: Frame): boolean => type === DATA && (flags & END_STREAM) !== 0;
  assert.ok(!upstream.frames.some(ended));
  upstream.close();
});

test("REFUSED_STREAM: a request without content is repeated once, one with content is not", async () => {
  const upstream = await rawHttp2();
  let count = 0;
  upstream.onFrame = ({ type, stream }, connection) => {
    if (type !== HEADERS) return;
    connection.write(
      count++ % 2 === 0
        ? frame(RST_STREAM, 0, stream, number(7))
        : frame(HEADERS, END_HEADERS | END_STREAM, stream, OK),
    );
  };
  assert.equal((await send(upstream)).status, 200);
  assert.equal(count, 2);
  assert.equal((await send(upstream, { method: "POST", body: "x" })).status, 502);
  assert.equal(count, 3);
  upstream.close();
});

test("an unexpected 1xx response is not forwarded to the client", async () => {
  const upstream = await rawHttp2();
  upstream.onFrame = ({ type, stream }, connection) => {
    if (type !== HEADERS) return;
    for (const status of ["100", "103", "199"]) {
      connection.write(frame(HEADERS, END_HEADERS, stream, literal(":status", status)));
    }
    connection.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK));
  };
  assert.equal((await send(upstream)).status, 200);
  upstream.close();
});
