/** timeouts.send on HTTP/1. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import type { Handler } from "handwerk";
import { listener } from "handwerk/node";
import { type ServeOptions } from "../../src/node.ts";
import { tls } from "../support/http2.ts";
import { errors, serving, until } from "../support/host.ts";
import { temporary } from "../support/temp.ts";

const MIB = 1024 * 1024;
const tick = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const ways: Readonly<Record<string, Partial<ServeOptions>>> = {
  TCP: {},
  TLS: { tls },
  "TLS beside HTTP/2": { tls, http2: true },
};

/** Asks, and reads nothing. */
function client(port: number, secure: boolean, version = "1.1"): Socket {
  const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
  const socket = secure ? connectTls(options) : connect(options);
  socket.on("error", () => {}).pause();
  socket.write(`GET / HTTP/${version}\r\nHost: h\r\n\r\n`);
  return socket;
}

/** More than systems keep for a client: without end, or in one piece. */
function endless(): { fetch: Handler; cancelled: boolean } {
  const state = {
    cancelled: false,
    fetch: () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
          cancel: () => void (state.cancelled = true),
        }),
      ),
  };
  return state;
}

for (const [name, options] of Object.entries(ways)) {
  const secure = "tls" in options;
  test(`timeouts.send (${name}): cuts a client that does not read`, async () => {
    const before = errors.length;
    for (const version of ["1.0", "1.1"]) {
      const state = endless();
      await serving(state.fetch, async (port) => {
        const socket = client(port, secure, version);
        await until(() => state.cancelled);
        const closed = new Promise((resolve) => socket.once("close", resolve));
        socket.resume();
        await closed;
      }, { ...options, timeouts: { send: 100 } });
    }
    assert.equal(errors.length, before);
  });

  test(`timeouts.send (${name}): applies to a response in one piece`, () =>
    serving(() => new Response(new Uint8Array(32 * MIB)), async (port) => {
      const socket = client(port, secure);
      // Who does not read learns of the reset by writing; empty lines are no request.
      const writing = setInterval(() => socket.write("\r\n"), 20);
      await new Promise((resolve) => socket.once("close", resolve));
      clearInterval(writing);
    }, { ...options, timeouts: { send: 100 } }));

  test(`timeouts.send (${name}): does not apply to slow clients and quiet responses`, () => {
    const slow: Handler = () => {
      let count = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            if (count++ === 0) await tick(1300);
            if (count > 16) return controller.close();
            controller.enqueue(new Uint8Array(MIB));
          },
        }),
      );
    };
    return serving(slow, async (port) => {
      const socket = client(port, secure);
      let [size, closed] = [0, false];
      socket.once("close", () => (closed = true));
      socket.on("data", (chunk: Buffer) => {
        size += chunk.byteLength;
        socket.pause();
        // The whole takes longer than the client may take nothing.
        setTimeout(() => socket.resume(), chunk.byteLength / 8000);
      }).resume();
      await until(() => closed || size > 16 * MIB);
      assert.equal(closed, false, `closed after ${size} bytes`);
      socket.destroy();
    }, { ...options, timeouts: { send: 1000 } });
  });
}

test("timeouts.send: a cut response does not look complete to HTTP/1.0", async () => {
  const state = endless();
  await serving(state.fetch, async (port) => {
    // Sockets of Node 22 that were paused take a reset for an end.
    const script = 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; ' +
      "read -r _; cat <&3 >/dev/null";
    const reader = spawn("bash", ["-c", script, String(port)]);
    let said = "";
    reader.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const closed = once(reader, "close");
    await until(() => state.cancelled);
    reader.stdin.end("\n");
    assert.deepEqual(await closed, [1, null]);
    assert.match(said, /reset/i);
  }, { timeouts: { send: 100 } });
});

test("timeouts.send: 0 is no limit", () => {
  const state = endless();
  return serving(state.fetch, async (port) => {
    const socket = client(port, false);
    await tick(500);
    assert.equal(state.cancelled, false);
    socket.destroy();
  }, { timeouts: { send: 0 } });
});

test("failing body: does not end the process on a Unix socket", async () => {
  const path = join(temporary({}), "s.sock");
  const failing: Handler = () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          controller.enqueue(new Uint8Array(10));
          await tick(20);
          controller.error(new Error("failed"));
        },
      }),
    );
  const server = createServer(listener(failing, { onError() {} }));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const socket = connect(path);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {}).resume().write("GET / HTTP/1.0\r\n\r\n");
  await closed;
  await new Promise((resolve) => server.close(resolve));
});
