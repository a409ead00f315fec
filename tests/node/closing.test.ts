/** close: ends every connection, whatever its client does. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { type Handler, proxyTo } from "handwerk";
import { serve } from "handwerk/node";
import { type CloseOptions, type ServeOptions } from "../../src/node.ts";
import { tls } from "../support/http2.ts";
import { own, until } from "../support/host.ts";
import { rawUpstream } from "../support/raw_upstream.ts";
import { temporary } from "../support/temp.ts";

const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
/** Events that never end. */
const events: Handler = () => {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
};
const http2: Partial<ServeOptions> = { http2: true, tls };

/** A client that has sent something and received what it waits for. */
async function client(port: number, bytes: string, wanted = ""): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  await sending(socket, bytes, wanted);
  return socket;
}
async function sending(socket: Socket, bytes: string, wanted: string): Promise<void> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  await new Promise<void>((resolve) => void socket.write(bytes, () => resolve()));
  await until(() => text.includes(wanted));
}

test("close: may be called again, before and after it has resolved", async () => {
  const server = await serve({ ...own, fetch: () => new Response("ok") });
  await fetch(server.url);
  await Promise.all([server.close(), server.close(), server.close(true)]);
  await Promise.all([server.close(), server.close({ timeout: 10 })]);
});

const hurry: Readonly<Record<string, boolean | CloseOptions>> = {
  "with true": true,
  "with a timeout": { timeout: 20 },
  "without any": { timeout: 0 },
};
for (const [name, how] of Object.entries(hurry)) {
  test(`close: ends event streams, ${name}`, async () => {
    const server = await serve({ ...own, fetch: events });
    const socket = await client(server.port, GET, "data: 1");
    await Promise.all([once(socket, "close"), server.close(how)]);
  });

  test(`close: ends handlers that never respond, ${name}`, async () => {
    let [asked, left] = [false, false];
    const fetch: Handler = ({ signal }) => {
      asked = true;
      return new Promise(() => signal.addEventListener("abort", () => (left = true)));
    };
    const server = await serve({ ...own, fetch });
    const socket = await client(server.port, GET);
    const closed = once(socket, "close");
    await until(() => asked);
    await server.close(how);
    await closed;
    await until(() => left);
  });

  test(`close: ends every connection of an HTTP/2 server, ${name}`, async () => {
    const server = await serve({ ...own, ...http2, fetch: events });
    const { port } = server;
    const silent = await client(port, "");
    const unfinished = await client(port, "\x16\x03\x01\x02\x00");
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
    const one = connectTls({ ...options, ALPNProtocols: ["http/1.1"] }).on("error", () => {});
    await sending(one, GET, "data: 1");
    const kept = connectTls(options).on("error", () => {});
    await sending(kept, "GET /../x HTTP/1.1\r\n", "");
    const two = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const stream = two.on("error", () => {}).request().on("error", () => {}).resume();
    await once(stream, "response");
    const ends = [silent, unfinished, one, kept, two].map((end) =>
      new Promise((resolve) => end.once("close", resolve))
    );
    await Promise.all([...ends, server.close(how)]);
  });
}

test("close: does not cut a response that ends before the timeout", async () => {
  let answer: (() => void) | undefined;
  const fetch: Handler = async () => {
    await new Promise<void>((resolve) => (answer = resolve));
    return new Response("in time");
  };
  const server = await serve({ ...own, fetch });
  let text = "";
  const socket = await client(server.port, GET);
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await until(() => answer !== undefined);
  const closed = server.close({ timeout: 1e12 });
  setTimeout(() => answer?.(), 50);
  await closed;
  await until(() => text.includes("in time"));
});

test("close: does not wait for connections without a request", async () => {
  const server = await serve({ ...own, fetch: () => new Response("ok") });
  const clients = await Promise.all([
    client(server.port, ""),
    client(server.port, "GET / HT"),
    client(server.port, `${GET}GET / HT`, "ok"),
  ]);
  await Promise.all([...clients.map((one) => once(one, "close")), server.close()]);
});

test("close: ends a tunnel at the timeout", async () => {
  const upstream = await rawUpstream();
  upstream.onRequest = (connection) =>
    connection.write("HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello");
  for (const how of [false, true, { timeout: 50 }]) {
    const server = await serve({ ...own, fetch: proxyTo(upstream.url) });
    const asks = GET.replace("\r\n\r\n", "\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    const socket = await client(server.port, asks, "hello");
    const ended = once(socket, "close");
    const closed = server.close(how);
    if (typeof how === "object") {
      upstream.connections.at(-1)?.write("still there");
      await until(() => socket.bytesRead > 0);
      assert.equal(socket.destroyed, false);
    }
    await Promise.all([ended, closed]);
  }
  upstream.close();
});

test("close: rejects wrong options", async () => {
  const server = await serve({ ...own, fetch: () => new Response() });
  for (
    const [how, message] of [
      [{ timeout: -1 }, /close: timeout is .*; give milliseconds/],
      [{ timeout: "1" }, /close: timeout is .*; give milliseconds/],
      [{ timout: 1 }, /close: .*"timout".*timeout/],
      [5000, /close: the argument is 5000; give true, or an object such as \{ timeout/],
    ] as const
  ) {
    await assert.rejects(server.close(how as unknown as boolean), message);
  }
  await server.close();
});

/** The recipe of the manual, with a stream of events and a port of its own. */
function recipe(timeout: string): string {
  const manual = readFileSync("src/node/README.md", "utf8");
  const [, code = ""] = /```ts serve=3001\n([\s\S]*?)```/.exec(manual) ?? [];
  assert.match(code, /"SIGTERM"/);
  return code
    .replace('"handwerk/node"', JSON.stringify(join(import.meta.dirname, "../../src/node.ts")))
    .replace("port: 3001", "port: 0")
    .replace("10_000", timeout)
    .replace(/fetch: .*(?=, port)/, `fetch: ${events.toString()}`) +
    '\nconsole.log(server.url); process.on("exit", (code) => console.log("exit", code));';
}
for (const signals of [["SIGTERM"], ["SIGINT"], ["SIGTERM", "SIGTERM"]] as const) {
  test(`shutdown: the recipe of the manual ends a process at ${signals.join(" and ")}`, async () => {
    const file = join(temporary({}), "recipe.ts");
    const twice = signals.length > 1;
    writeFileSync(file, recipe(twice ? "60_000" : "300"));
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await until(() => text.includes("\n"));
    const socket = await client(Number(new URL(text.trim()).port), GET, "data: 1");
    const exit = once(child, "exit");
    const closed = once(socket, "close");
    for (const signal of signals) {
      child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await closed;
    assert.deepEqual(await exit, twice ? [null, "SIGTERM"] : [0, null]);
    assert.equal(text.includes("exit 0"), !twice);
  });
}
