/** maxConnections and maxConnectionsPerAddress. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { notFound } from "handwerk";
import { serve } from "handwerk/node";
import { type ServeOptions } from "../../src/node.ts";
import { networkOf } from "../../src/node/server_limits.ts";
import { tls } from "../support/http2.ts";
import { serving } from "../support/host.ts";

const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const hello = (): Response => new Response("hello");

/** Sends a request over a new connection; it has an answer, or is closed without one. */
function open(
  port: number,
  secure: boolean,
  localAddress = "127.0.0.1",
): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const options = { port, host: "127.0.0.1", localAddress, rejectUnauthorized: false };
    const socket = secure ? connectTls(options) : connect(options);
    socket.on("error", () => {}).once("close", () => resolve(undefined));
    socket.once("data", () => resolve(socket));
    socket.write(GET);
  });
}

function closed(socket: Socket | undefined): Promise<void> {
  return new Promise((resolve) => {
    assert.ok(socket);
    socket.once("close", () => resolve());
    socket.destroy();
  });
}

/** Tries until a connection is answered: the server learns a moment later that others are closed. */
async function opened(port: number, secure: boolean, from?: string): Promise<Socket> {
  for (;;) {
    const socket = await open(port, secure, from);
    if (socket) return socket;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const ways: Readonly<Record<string, Partial<ServeOptions>>> = {
  TCP: {},
  TLS: { tls },
  "HTTP/2 and TLS": { tls, http2: true },
};
for (const [name, options] of Object.entries(ways)) {
  const secure = "tls" in options;
  test(`maxConnections (${name}): closes further connections until one ends`, () =>
    serving(hello, async (port) => {
      const kept = [await open(port, secure), await open(port, secure, "127.0.0.2")];
      assert.ok(kept.every(Boolean));
      assert.equal(await open(port, secure), undefined);
      assert.equal(await open(port, secure, "127.0.0.3"), undefined);
      await closed(kept[0]);
      kept[0] = await opened(port, secure);
      assert.equal(await open(port, secure), undefined);
      await Promise.all(kept.map(closed));
    }, { ...options, maxConnections: 2 }));

  test(`maxConnectionsPerAddress (${name}): each address has its own count`, () =>
    serving(hello, async (port) => {
      const kept = [await open(port, secure), await open(port, secure)];
      assert.ok(kept.every(Boolean));
      for (let i = 0; i < 5; i++) assert.equal(await open(port, secure), undefined);
      kept.push(await open(port, secure, "127.0.0.2"), await open(port, secure, "127.0.0.2"));
      assert.ok(kept.every(Boolean));
      assert.equal(await open(port, secure, "127.0.0.2"), undefined);
      await closed(kept[0]);
      kept[0] = await opened(port, secure);
      assert.equal(await open(port, secure), undefined);
      await Promise.all(kept.map(closed));
    }, { ...options, maxConnectionsPerAddress: 2 }));
}

test("maxConnections: no limit by default", () =>
  serving(hello, async (port) => {
    const kept = await Promise.all(Array.from({ length: 150 }, () => open(port, false)));
    assert.ok(kept.every(Boolean));
    await Promise.all(kept.map(closed));
  }));

test("maxConnectionsPerAddress: counts IPv4 addresses and /64 networks of IPv6, not Unix sockets", () => {
  assert.equal(networkOf("::ffff:192.0.2.1"), networkOf("192.0.2.1"));
  assert.notEqual(networkOf("192.0.2.1"), networkOf("192.0.2.2"));
  assert.equal(networkOf("2001:db8:0:1::1"), networkOf("2001:db8:0:1:ffff::2"));
  assert.notEqual(networkOf("2001:db8:0:1::1"), networkOf("2001:db8:0:2::1"));
  assert.equal(networkOf("fe80::1%eth0"), networkOf("fe80::2"));
  assert.equal(networkOf(undefined), undefined);
});

test("maxConnections: rejects wrong values", async () => {
  for (const name of ["maxConnections", "maxConnectionsPerAddress"] as const) {
    for (const value of [0, -1, Number.NaN, "10", null]) {
      await assert.rejects(serve({ fetch: notFound, port: 0, [name]: value }), {
        name: "TypeError",
        message: new RegExp(`^serve: ${name} is .*; give a number of connections, 1 or more$`),
      });
    }
  }
});
