/** Clients that reset the connection right after their request. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { notFound, proxy } from "handwerk";
import { listener, serve, upgradeListener } from "handwerk/node";
import { certificates } from "../support/certificates.ts";

const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
const request = (more = "", path = "/lost"): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const quiet = { onError: () => {} };

/** The path and `X-Forwarded-For` of each request that the upstream got. */
const seen: (readonly [path: string, address: string])[] = [];
let upstream: Server;
let app: ReturnType<ReturnType<typeof proxy>>;
before(async () => {
  upstream = createServer((message, sink) => {
    seen.push([message.url ?? "", String(message.headers["x-forwarded-for"])]);
    sink.end();
  });
  upstream.on("upgrade", ({ url = "", headers }, socket) => {
    seen.push([url, String(headers["x-forwarded-for"])]);
    socket.destroy();
  });
  app = proxy({ "/": `http://127.0.0.1:${await listening(upstream)}` }, quiet)(notFound);
});
after(() => {
  upstream.closeAllConnections();
  upstream.close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

type Use = (port: number) => Promise<void>;

async function own(server: Server, use: Use): Promise<void> {
  server.on("request", listener(app, quiet)).on("upgrade", upgradeListener(app, quiet));
  try {
    await use(await listening(server));
  } finally {
    server.closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function served(options: object, use: Use): Promise<void> {
  const server = await serve({ fetch: app, port: 0, hostname: "127.0.0.1", ...quiet, ...options });
  try {
    await use(server.port);
  } finally {
    await server.close(true);
  }
}

/** Opens a connection, uses it, and resolves when it is closed. */
function connection(port: number, act: (socket: Socket) => void): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => act(socket));
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
}

const plain = (bytes: string) => (port: number): Promise<void> =>
  connection(port, (socket) => {
    socket.write(bytes);
    socket.resetAndDestroy();
  });

const encrypted = (port: number): Promise<void> =>
  connection(port, (socket) => {
    const tls = connectTls({ socket, rejectUnauthorized: false }, () => {
      tls.write(request());
      setImmediate(() => socket.resetAndDestroy());
    });
    tls.on("error", () => {});
  });

const http2 = (port: number): Promise<void> =>
  connection(port, (socket) => {
    const tls = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ["h2"] }, () => {
      const session = connectHttp2("https://localhost", { createConnection: () => tls });
      session.on("error", () => {});
      session.request({ ":path": "/lost" }).on("error", () => {});
      setImmediate(() => socket.resetAndDestroy());
    });
    tls.on("error", () => {});
  });

/** No request arrives without an address, and clients that stay keep theirs. */
function lose(lost: (port: number) => Promise<void>, times: number, stays?: Use): Use {
  return async (port) => {
    seen.length = 0;
    for (let i = 0; i < times; i++) await lost(port);
    await (stays ?? stayed)(port);
    const others = seen.filter(([, address]) => address !== "127.0.0.1");
    assert.deepEqual(others, []);
  };
}

/** Waits also for the last of the other requests. */
const stayed: Use = async (port) => {
  await connection(port, (socket) => {
    socket.on("data", () => socket.end());
    socket.write(request("Connection: close\r\n", "/stayed"));
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(seen.find(([path]) => path === "/stayed"), ["/stayed", "127.0.0.1"]);
};

const waited: Use = () => new Promise((resolve) => setTimeout(resolve, 200));

test("a client that resets at once has its address, or is not forwarded: serve", async () => {
  await served({}, lose(plain(request()), 200));
});

test("a client that resets at once has its address: listener", async () => {
  await own(createServer(), lose(plain(request()), 200));
});

test("a client that resets at once has its address: upgrades", async () => {
  await served({}, lose(plain(request(UPGRADE)), 200));
  await own(createServer(), lose(plain(request(UPGRADE)), 200));
});

test("a client that resets at once has its address: TLS", async () => {
  const tls = certificates().sign("localhost");
  await served({ tls }, lose(encrypted, 100, waited));
  await own(createHttps(tls), lose(encrypted, 100, waited));
});

test("a client that resets at once has its address: HTTP/2", {
  skip: "Bun" in globalThis && "Bun's server of HTTP/2 has no HTTP/1.1 beside it",
}, async () => {
  const tls = certificates().sign("localhost");
  await served({ tls, http2: true }, lose(http2, 100, waited));
});

test("a client that resets at once has its address: the runtime's own server", async () => {
  const { Bun, Deno } = globalThis as unknown as {
    Bun?: { serve(options: object): { port: number; stop(now: boolean): Promise<void> } };
    Deno?: {
      serve(options: object, app: unknown): { addr: { port: number }; shutdown(): Promise<void> };
    };
  };
  const options = { port: 0, hostname: "127.0.0.1" };
  if (Deno) {
    const server = Deno.serve({ ...options, onListen() {} }, app);
    await lose(plain(request()), 200)(server.addr.port);
    await server.shutdown();
  } else if (Bun) {
    const server = Bun.serve({ ...options, fetch: app });
    seen.length = 0;
    for (let i = 0; i < 200; i++) await plain(request())(server.port);
    await stayed(server.port);
    // Bun no longer knows the address; no upstream takes it for an internal client.
    assert.deepEqual(seen.filter(([, address]) => !/^(?:unknown|127\.0\.0\.1)$/.test(address)), []);
    await server.stop(true);
  }
});

test("clients of a Unix socket have no address", async () => {
  const path = `/tmp/handwerk-lost-${process.pid}.sock`;
  const server = createServer(listener(app, quiet));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  seen.length = 0;
  await new Promise<void>((resolve, reject) => {
    const socket = connect(path, () => socket.write(request("Connection: close\r\n", "/unix")));
    socket.on("data", () => socket.end());
    socket.on("error", reject);
    socket.on("close", () => resolve());
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(seen, [["/unix", "unknown"]]);
});
