/** Upgrades on a server of `node:http`, seen from both sides. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { notFound, proxy } from "handwerk";
import { listener, upgradeListener } from "handwerk/node";
import { type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

const AGREED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n";
const ASKED = "GET /t HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, X-Mine\r\nUpgrade: x\r\n" +
  "X-Mine: 1\r\nSec-Odd: caf\xe9\r\n";
const POSTED = ASKED.replace("GET", "POST");

let upstream: RawUpstream;
let server: Server;
let port: number;
const errors: unknown[] = [];
before(async () => {
  const app = async (request: Request): Promise<Response> => {
    const options = {
      onError: (error: unknown) => void errors.push(error),
      timeout: { tunnel: request.url.endsWith("/idle") ? 200 : 3_600_000 },
    };
    const response = await proxy({ "/": upstream.url }, options)(notFound)(request);
    if (request.url.endsWith("/copied")) return new Response(response.body, response);
    if (request.url.endsWith("/read")) return new Response(await response.text(), response);
    if (request.url.endsWith("/hono")) return await hono(response);
    return response;
  };
  /** Changes a response as Hono's middlewares do. */
  const hono = async (response: Response): Promise<Response> => {
    const app = new Hono().use(cors()).all("*", () => response);
    return await app.request("http://h/", { headers: { origin: "http://other" } });
  };
  const quiet = { onError: () => {} };
  server = createServer(listener(app, quiet)).on("upgrade", upgradeListener(app, quiet));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  upstream = await rawUpstream();
});
afterEach(() => upstream.close());

interface Client {
  readonly socket: Socket;
  received: string;
  until(pattern: RegExp): Promise<void>;
  readonly closed: Promise<void>;
}

function client(bytes: string): Client {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const self: Client = {
    socket,
    received: "",
    until: async (pattern) => {
      while (!pattern.test(self.received)) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    closed: new Promise((resolve) => {
      socket.once("close", () => resolve());
      socket.once("end", () => {
        socket.end();
        resolve();
      });
    }),
  };
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => (self.received += chunk.toString("latin1")));
  socket.write(Buffer.from(bytes, "latin1"));
  return self;
}
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const theirs = () => upstream.connections.at(-1);

test("upgrade: hop-by-hop fields of the client are removed", async () => {
  upstream.onRequest = (connection) => connection.write(`${AGREED}\r\n`);
  const one = client(`${ASKED}\r\n`);
  await one.until(/\r\n\r\n$/);
  const [line, ...fields] = theirs()?.received.trimEnd().split("\r\n") ?? [];
  assert.equal(line, "GET /t HTTP/1.1");
  assert.ok(fields.includes("connection: Upgrade"));
  assert.ok(fields.includes("upgrade: x"));
  assert.ok(fields.includes("sec-odd: caf\xe9"));
  assert.ok(!fields.some((field) => /x-mine|content-length|transfer-encoding/i.test(field)));
  assert.equal(fields.filter((field) => /^connection:/i.test(field)).length, 1);
  one.socket.destroy();
  await theirs()?.closed;
});

test("upgrade: hop-by-hop fields of the upstream are removed", async () => {
  upstream.onRequest = (connection) =>
    connection.write(
      `${AGREED.replace("Upgrade\r", "X-Hop, Upgrade\r")}X-Hop: 1\r\nKeep-Alive: 1\r\n` +
        "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\n\r\nfirst",
    );
  const one = client(`${ASKED}\r\n`);
  await one.until(/first$/);
  const [line, ...fields] = one.received.split("\r\n\r\n")[0]?.toLowerCase().split("\r\n") ?? [];
  assert.equal(line, "http/1.1 101 switching protocols");
  assert.deepEqual(fields.filter((field) => !field.startsWith("via:")), [
    "connection: upgrade",
    "upgrade: x",
    "set-cookie: a=1",
    "set-cookie: b=2",
  ]);
  one.socket.destroy();
});

test("upgrade: bytes behind the request wait for the upstream's 101", async () => {
  upstream.onRequest = () => {};
  const one = client(`${ASKED}\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`);
  while (!theirs()?.received) await pause(5);
  await pause(50);
  assert.doesNotMatch(theirs()?.received ?? "", /smuggled/);
  theirs()?.write(`${AGREED}\r\n`);
  await theirs()?.until(/smuggled/);
  one.socket.destroy();
});

for (const status of ["200 OK", "403 Forbidden", "502 Bad Gateway"]) {
  test(`upgrade: a ${status} is passed on, and bytes behind the request are dropped`, async () => {
    upstream.onRequest = (connection) =>
      connection.write(`HTTP/1.1 ${status}\r\nContent-Length: 4\r\nX-Why: y\r\n\r\nbody`);
    const one = client(`${ASKED}\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`);
    await one.closed;
    assert.match(one.received, new RegExp(`^HTTP/1\\.1 ${status.slice(0, 3)} `));
    assert.match(one.received, /^x-why: y\r$/m);
    assert.match(one.received, /\r\n\r\nbody$/);
    assert.equal(upstream.connections.length, 1);
    assert.doesNotMatch(theirs()?.received ?? "", /smuggled/);
  });
}

test("upgrade: a cut refusal never looks complete", async () => {
  upstream.onRequest = (connection) => {
    connection.write("HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n");
    setTimeout(() => connection.reset(), 20);
  };
  const one = client(`${ASKED}\r\n`);
  await one.closed;
  assert.doesNotMatch(one.received, /\r\n0\r\n\r\n$/);
});

for (
  const [why, request] of [
    [
      "content with a length",
      `${ASKED}Content-Length: 40\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`,
    ],
    [
      "content in chunks",
      `${ASKED}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n`,
    ],
    [
      "a POST's content in chunks",
      `${POSTED}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n`,
    ],
    [
      "a POST's content of more than 64 KiB",
      `${POSTED}Content-Length: 65537\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`,
    ],
  ] as const
) {
  test(`upgrade: a request with ${why} is refused`, async () => {
    const one = client(request);
    await one.closed;
    assert.match(one.received, /^HTTP\/1\.1 400 /);
    assert.equal(upstream.connections.length, 0);
  });
}

test("upgrade: a request that cannot upgrade is forwarded as an ordinary one", async () => {
  for (
    const request of [
      ASKED.replace("HTTP/1.1", "HTTP/1.0"),
      ASKED.replace("Upgrade: x", "Upgrade: h2c"),
      ASKED.replace("Upgrade: x", "Upgrade: x, y"),
      ASKED.replace("GET", "OPTIONS"),
    ]
  ) {
    upstream.onRequest = (connection) =>
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain");
    const one = client(`${request}\r\n`);
    await one.until(/plain$/);
    assert.doesNotMatch(theirs()?.received ?? "", /upgrade/i);
    one.socket.destroy();
  }
});

test("upgrade: each half of the connection ends on its own", async () => {
  upstream.onRequest = (connection) => connection.write(`${AGREED}\r\n`);
  const one = client(`${ASKED}\r\n`);
  await one.until(/\r\n\r\n$/);
  one.socket.end("the last word");
  await theirs()?.until(/the last word$/);
  await theirs()?.closed;
  await one.closed;
});

test("upgrade: an upstream that agrees to another protocol is 502", async () => {
  for (const other of ["Upgrade: y\r\n", "Upgrade: x\r\nUpgrade: y\r\n", "Upgrade: x, y\r\n"]) {
    upstream.onRequest = (connection) =>
      connection.write(AGREED.replace("Upgrade: x\r\n", other) + "\r\n");
    const one = client(`${ASKED}\r\n`);
    await one.closed;
    assert.match(one.received, /^HTTP\/1\.1 502 /);
    assert.match(one.received, /^proxy-status: .*http_upgrade_failed/mi);
    await theirs()?.closed;
  }
});

for (const copy of ["copied", "hono"]) {
  test(`upgrade: a copied response still makes a tunnel (${copy})`, async () => {
    upstream.onRequest = (connection) => connection.write(`${AGREED}\r\nfirst`);
    const one = client(`${ASKED.replace("/t", `/${copy}`)}\r\n`);
    await one.until(/^HTTP\/1\.1 101 [\s\S]*first$/);
    one.socket.write("second");
    await theirs()?.until(/second$/);
    one.socket.destroy();
    await theirs()?.closed;
  });
}

test("upgrade: a response whose content was read makes no tunnel, and the log says why", async () => {
  const { error } = console;
  const logged: unknown[] = [];
  console.error = (text: unknown) => void logged.push(text);
  try {
    upstream.onRequest = (connection) => connection.write(`${AGREED}\r\n`);
    const one = client(`${ASKED.replace("/t", "/read")}\r\n`);
    await one.closed;
    assert.match(one.received, /^HTTP\/1\.1 502 /);
    assert.match(
      one.received,
      /^proxy-status: handwerk-\w+; error=http_upgrade_failed; received-status=101\r$/mi,
    );
    assert.match(
      String(logged),
      /return the response itself from your middleware, or new Response\(response\.body, resp/,
    );
    await theirs()?.closed;
  } finally {
    console.error = error;
  }
});

test("upgrade: a reset of the upstream is 502 before the 101, and closes the tunnel after it", async () => {
  upstream.onRequest = (connection) => connection.reset();
  const one = client(`${ASKED}\r\n`);
  await one.closed;
  assert.match(one.received, /^HTTP\/1\.1 502 /);
  upstream.onRequest = (connection) => connection.write(`${AGREED}\r\n`);
  const two = client(`${ASKED}\r\n`);
  await two.until(/\r\n\r\n$/);
  theirs()?.reset();
  await two.closed;
});

test("upgrade: a client disconnect closes the upstream's connection at any time", async () => {
  for (const agree of [false, true]) {
    for (const leave of ["end", "resetAndDestroy", "destroy"] as const) {
      upstream.onRequest = (connection) => {
        if (agree) connection.write(`${AGREED}\r\n`);
      };
      const count = upstream.connections.length;
      const one = client(`${ASKED}\r\n`);
      while (upstream.connections.length === count || !theirs()?.received) await pause(2);
      if (agree) await one.until(/\r\n\r\n$/);
      one.socket[leave]();
      await theirs()?.closed;
    }
  }
});

test("upgrade: pipelined behind an unanswered request affects no other request", async () => {
  upstream.onRequest = async (connection, head) => {
    await pause(20);
    connection.write(
      /^upgrade:/im.test(head) ? `${AGREED}\r\n` : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
  };
  const request = "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n";
  for (let i = 0; i < 3; i++) {
    const hostile = client(`${request}${ASKED}\r\n`);
    await pause(50);
    // The response to the first request comes first, if there is one.
    assert.match(hostile.received, /^(?:HTTP\/1\.1 200 |$)/);
    hostile.socket.destroy();
  }
  const other = client(request);
  await other.until(/ok$/);
  other.socket.destroy();
});

test("upgrade: of a POST, as Docker's and Kubernetes' clients send it", async () => {
  for (const protocol of ["tcp", "SPDY/3.1"]) {
    upstream.onRequest = (connection, head) => {
      assert.match(head, /^POST \/attach HTTP\/1\.1\r$/m);
      assert.match(head, new RegExp(`^upgrade: ${protocol}\r$`, "im"));
      const agreed = `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\nhello `;
      connection.write(`HTTP/1.1 101 UPGRADED\r\n${agreed}`);
      void connection.until(/typed$/).then(() => connection.end());
    };
    const asked = `Connection: Upgrade\r\nUpgrade: ${protocol}\r\nContent-Length: 0\r\n\r\n`;
    const user = client(`POST /attach HTTP/1.1\r\nHost: h\r\n${asked}`);
    await user.until(/hello $/);
    assert.match(user.received, /^HTTP\/1\.1 101 /);
    user.socket.end("typed");
    await user.closed;
  }
});

test("timeout.tunnel: an idle tunnel is closed on both sides", async () => {
  upstream.onRequest = (connection) => connection.write(`${AGREED}\r\n`);
  const one = client(`${ASKED.replace("/t", "/idle")}\r\n`);
  await one.until(/\r\n\r\n$/);
  await Promise.all([one.closed, theirs()?.closed]);
  one.socket.destroy();
});

test("upgrade: the content of a POST is forwarded on Node, and refused on Deno and Bun", async () => {
  upstream.onRequest = (connection) => connection.write(`${AGREED}\r\nfirst`);
  const one = client(`${POSTED}Content-Length: 4\r\n\r\nbodytyped`);
  if ("Deno" in globalThis || "Bun" in globalThis) {
    await one.closed;
    assert.match(one.received, /^HTTP\/1\.1 400 /);
    assert.equal(upstream.connections.length, 0);
    return;
  }
  await one.until(/^HTTP\/1\.1 101 [\s\S]*first$/);
  await theirs()?.until(/\r\n\r\nbodytyped$/);
  one.socket.destroy();
  await theirs()?.closed;
});
