/** Upgrade requests with a body, as `docker exec` sends them. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { type Handler, notFound, type OutgoingRequest, proxy } from "handwerk";
import { listener, serve, upgradeListener } from "handwerk/node";
import { own, until } from "../support/host.ts";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

const CONTENT = '{"Detach":false,"Tty":true}\n';
const AGREED = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HOSTILE = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
const head = (framing: string): string =>
  "POST /exec/1/start HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n" +
  `Content-Type: application/json\r\n${framing}\r\n`;
const sized = (content: string): string => head(`Content-Length: ${content.length}\r\n`) + content;
const ASKED = sized(CONTENT);

let upstream: RawUpstream;
beforeEach(async () => {
  upstream = await rawUpstream();
});
afterEach(() => upstream.close());
const theirs = () => upstream.connections.at(-1);
const quiet = { onError: () => {} };
const proxied: Handler = (request) => proxy({ "/": upstream.url }, quiet)(notFound)(request);

/** A server, and what closes it. */
type Host = (
  app: Handler,
  requestTimeout?: number,
) => Promise<readonly [port: number, close: (force: boolean) => Promise<void>]>;

const hosts: Readonly<Record<string, Host>> = {
  async serve(app, request) {
    const server = await serve({ ...own, fetch: app, ...(request && { timeouts: { request } }) });
    return [server.port, (force) => server.close(force)];
  },
  async upgradeListener(app, requestTimeout) {
    const server = createServer(listener(app, quiet));
    if (requestTimeout) server.requestTimeout = requestTimeout;
    server.on("upgrade", upgradeListener(app, quiet));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return [
      (server.address() as AddressInfo).port,
      (force) =>
        new Promise((resolve) => {
          if (force) server.closeAllConnections();
          server.close(() => resolve());
        }),
    ];
  },
};

interface Client {
  readonly socket: Socket;
  received: string;
  closed: boolean;
}

/** Sends pieces, each in a segment of its own. */
async function client(port: number, ...pieces: readonly string[]): Promise<Client> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const self: Client = { socket, received: "", closed: false };
  socket.on("error", () => {}).on("close", () => (self.closed = true));
  socket.on("data", (chunk: Buffer) => (self.received += chunk.toString("latin1")));
  for (const piece of pieces) {
    socket.write(piece, "latin1");
    await new Promise((resolve) => setTimeout(resolve, pieces.length > 9 ? 1 : 20));
  }
  return self;
}
const received = (): string => theirs()?.received ?? "";
const behind = (text: string): string => text.slice(text.indexOf("\r\n\r\n") + 4);

for (const [name, host] of Object.entries(hosts)) {
  const inSegments: Readonly<Record<string, readonly string[]>> = {
    "in one segment with the fields": [ASKED],
    "in one segment with the bytes behind it": [`${ASKED}${HOSTILE}`],
    "behind the fields": [head(`Content-Length: ${CONTENT.length}\r\n`), CONTENT],
    "in two segments, and in one with the bytes behind it": [
      ASKED.slice(0, -9),
      `${CONTENT.slice(-9)}${HOSTILE}`,
    ],
    "byte by byte": ASKED.split(""),
    "byte by byte, with the bytes behind it": `${ASKED}${HOSTILE}`.split(""),
  };
  for (const [how, pieces] of Object.entries(inSegments)) {
    test(`upgrade body (${name}): read when it comes ${how}; the rest goes to the tunnel`, async () => {
      const [port, close] = await host(proxied);
      const sent = pieces.join("").slice(ASKED.length);
      upstream.onRequest = () => {};
      const one = await client(port, ...pieces);
      await until(() => received().endsWith(CONTENT));
      const [fields = ""] = received().split("\r\n\r\n");
      assert.match(fields, /^POST \/exec\/1\/start HTTP\/1\.1\r\n/);
      assert.match(fields, /^connection: upgrade$/im);
      assert.match(fields, /^upgrade: tcp$/im);
      assert.equal(fields.match(/content-length: *28(?:\r|$)/gi)?.length, 1);
      assert.doesNotMatch(fields, /transfer-encoding/i);
      // The tunnel waits for the 101.
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.equal(behind(received()), CONTENT);
      theirs()?.write(`${AGREED}hello `);
      await until(() => one.received.endsWith("hello "));
      assert.match(one.received, /^HTTP\/1\.1 101 /);
      one.socket.end("typed");
      await until(() => received().endsWith("typed"));
      assert.equal(behind(received()), `${CONTENT}${sent}typed`);
      await until(() => one.closed);
      assert.equal(upstream.connections.length, 1);
      await close(true);
    });
  }

  test(`upgrade body (${name}): 64 KiB are never parsed as a request, also by an upstream that agrees at once`, async () => {
    const [port, close] = await host(proxied);
    const content = HOSTILE.repeat(2000).slice(0, 64 * 1024);
    let agreed = false;
    upstream.onRequest = (connection) => {
      if (!agreed) connection.write(AGREED);
      agreed = true;
    };
    const one = await client(port, sized(content));
    await until(() => one.received === "" ? false : one.received.endsWith("\r\n\r\n"));
    one.socket.write("typed");
    await until(() => received().endsWith("typed"));
    assert.equal(behind(received()), `${content}typed`);
    one.socket.destroy();
    await close(true);
  });

  test(`upgrade body (${name}): a refusal reaches the client; the bytes behind the body are dropped`, async () => {
    const [port, close] = await host(proxied);
    upstream.onRequest = (connection) => {
      void connection.until(/true\}\n$/).then(() =>
        connection.write("HTTP/1.1 409 Conflict\r\nContent-Length: 4\r\n\r\nbody")
      );
    };
    const one = await client(port, `${ASKED}${HOSTILE}`);
    await until(() => one.received.endsWith("body"));
    assert.match(one.received, /^HTTP\/1\.1 409 [\s\S]*\r\nconnection: close\r\n/i);
    one.socket.end(HOSTILE);
    await until(() => one.closed);
    assert.equal(one.received.split("HTTP/1.1 ").length, 2);
    assert.equal(upstream.connections.length, 1);
    assert.equal(behind(received()), CONTENT);
    await close(false);
  });

  test(`upgrade body (${name}): any handler can read it`, async () => {
    const app: Handler = async (request) =>
      new Response(`${request.headers.get("upgrade")} ${await request.clone().text()}`);
    const [port, close] = await host(app);
    const one = await client(port, ...ASKED.split(""), HOSTILE);
    await until(() => one.received.endsWith(`tcp ${CONTENT}`));
    one.socket.end();
    await until(() => one.closed);
    assert.equal(one.received.split("HTTP/1.1 ").length, 2);
    await close(false);
  });

  test(`upgrade body (${name}): no handler runs when the client leaves in its middle`, async () => {
    let asked = 0;
    const [port, close] = await host((request) => {
      asked++;
      return notFound(request);
    });
    for (const leave of ["end", "destroy", "resetAndDestroy"] as const) {
      const one = await client(port, ASKED.slice(0, -3));
      one.socket[leave]();
      await until(() => one.closed);
    }
    assert.equal(asked, 0);
    await close(false);
  });

  test(`upgrade body (${name}): a 408 when the client stops in its middle`, async () => {
    const [port, close] = await host(proxied, 100);
    const one = await client(port, ASKED.slice(0, -3));
    await until(() => one.received.endsWith("\r\n\r\n"));
    assert.match(one.received, /^HTTP\/1\.1 408 [\s\S]*\r\nconnection: close\r\n/i);
    one.socket.end(`${CONTENT.slice(-3)}${HOSTILE}`);
    await until(() => one.closed);
    assert.equal(one.received.split("HTTP/1.1 ").length, 2);
    assert.equal(upstream.connections.length, 0);
    await close(false);
  });

  const others: Readonly<Record<string, string>> = {
    "in chunks": `${head("Transfer-Encoding: chunked\r\n")}2\r\nhi\r\n0\r\n\r\n`,
    "of more than 64 KiB": sized("x".repeat(64 * 1024 + 1)),
    "that waits for 100 Continue": ASKED.replace("\r\n", "\r\nExpect: 100-continue\r\n"),
    "for WebSocket": ASKED.replace("tcp", "websocket"),
    "of another method": ASKED.replace("POST", "PUT"),
  };
  for (const [what, bytes] of Object.entries(others)) {
    test(`upgrade body (${name}): one ${what} does not upgrade`, async () => {
      const [port, close] = await host(proxied);
      upstream.onRequest = (connection) => connection.write(OK);
      const one = await client(port, bytes + HOSTILE);
      await until(() =>
        /\r\n\r\n(?:ok)?$/.test(one.received.replace(/^HTTP\/1\.1 100 .*\r\n\r\n/, ""))
      );
      const status = name === "serve" ? 200 : 400;
      assert.match(
        one.received.replace(/^HTTP\/1\.1 100 .*\r\n\r\n/, ""),
        new RegExp(`^HTTP/1\\.1 ${status} `),
      );
      assert.equal(upstream.connections.length, name === "serve" ? 1 : 0);
      assert.doesNotMatch(received(), /^upgrade:|smuggled/im);
      one.socket.end();
      await until(() => one.closed);
      await close(true);
    });
  }
}

test("close: does not wait for the body of an upgrade request", async () => {
  const server = await serve({ ...own, fetch: proxied });
  const one = await client(server.port, ASKED.slice(0, -3));
  await server.close();
  await until(() => one.closed);
  assert.equal(upstream.connections.length, 0);
});

test("upgrade body: one that a hook puts in its place has its own length and limit", async () => {
  for (const [length, status] of [[5, 101], [0, 101], [64 * 1024 + 1, 502]] as const) {
    const onRequest = (request: OutgoingRequest): OutgoingRequest => ({
      ...request,
      body: new Response("y".repeat(length)).body,
    });
    const server = await serve({
      ...own,
      fetch: (request) => proxy({ "/": upstream.url }, { ...quiet, onRequest })(notFound)(request),
    });
    const count = upstream.connections.length;
    upstream.onRequest = (connection) => connection.write(AGREED);
    const one = await client(server.port, ASKED);
    await until(() => one.received.includes("\r\n\r\n"));
    assert.match(one.received, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.equal(upstream.connections.length, count + (status === 101 ? 1 : 0));
    if (status === 101) {
      one.socket.write("typed");
      await until(() => received().endsWith("typed"));
      assert.equal(behind(received()), `${"y".repeat(length)}typed`);
      assert.deepEqual(received().match(/^content-length: .*$/gim), [`content-length: ${length}`]);
    }
    one.socket.destroy();
    await server.close(true);
  }
});
