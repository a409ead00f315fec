/** Responses before the end of the request, to clients that write all before they read. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import type { Handler } from "handwerk";
import { linger } from "../../src/node/connection.ts";
import { tls } from "../support/http2.ts";
import { own, serving, until } from "../support/host.ts";

const app: Handler = ({ url }) =>
  new Response("no", { status: Number(new URL(url).pathname.slice(1)) });
const MIB = 1024 * 1024;
const bytes = (size: number): string => "x".repeat(size);
const sized = (size: number): string => `Content-Length: ${size}\r\n\r\n${bytes(size)}`;
const chunked = (size: number): string =>
  `Transfer-Encoding: chunked\r\n\r\n${
    `10000\r\n${bytes(65536)}\r\n`.repeat(size / 65536)
  }0\r\n\r\n`;
const post = (path: string, rest: string, fields = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: h\r\n${fields}${rest}`;

/** Reads nothing until everything is written. */
function writeThenRead(port: number, request: string, secure = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
    const client = secure ? connectTls(options) : connect(options);
    let text = "";
    client.on("error", reject).pause();
    client.write(request, "latin1", () => {
      client.on("end", () => resolve(text)).on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
        if (!text.endsWith("\r\n\r\nno")) return;
        client.destroy();
        resolve(text);
      });
      client.resume();
    });
  });
}

for (const secure of [false, true]) {
  const options = secure ? { ...own, tls } : own;
  for (const fields of ["", "Connection: close\r\n"]) {
    test(`early response: arrives (${secure ? "TLS" : "TCP"}, ${fields.trim() || "kept"})`, () =>
      serving(app, async (port) => {
        for (const content of [sized(5 * MIB), chunked(5 * MIB)]) {
          for (const status of [404, 413]) {
            for (let count = 0; count < 5; count++) {
              const request = post(`/${status}`, content, fields);
              const answer = await writeThenRead(port, request, secure);
              assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
            }
          }
        }
      }, options));
  }
}

const refused: Readonly<Record<string, [request: string, status: number]>> = {
  "an invalid target": [post("/../x", sized(5 * MIB)), 400],
  "fields that are too long": [post("/404", sized(5 * MIB), `X-Long: ${bytes(20_000)}\r\n`), 431],
  "an invalid request line": [`nonsense\r\n\r\n${bytes(5 * MIB)}`, 400],
  "a tunnel": [`CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n${bytes(5 * MIB)}`, 501],
  "an upgrade": [
    `GET /404 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n${bytes(5 * MIB)}`,
    404,
  ],
  "an upgrade with content": [
    post("/404", sized(5 * MIB), "Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    404,
  ],
};
for (const [name, [request, status]] of Object.entries(refused)) {
  test(`early response: arrives for ${name}`, () =>
    serving(app, async (port) => {
      for (let count = 0; count < 5; count++) {
        assert.match(await writeThenRead(port, request), new RegExp(`^HTTP/1.1 ${status} `));
      }
    }));
}

test("early response: a large response arrives, too", () =>
  serving(() => new Response(`${bytes(16 * MIB)}\r\n\r\nno`), async (port) => {
    const answer = await writeThenRead(port, post("/", sized(16 * MIB)));
    assert.ok(answer.length > 16 * MIB);
  }));

test("early response: bytes behind an unread upload are not parsed as a request", async () => {
  const paths: string[] = [];
  const app: Handler = ({ url }) => {
    paths.push(new URL(url).pathname);
    return new Response("no");
  };
  await serving(app, async (port) => {
    const next = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";
    const answer = await writeThenRead(port, post("/first", chunked(5 * MIB)) + next);
    assert.match(answer, /^HTTP\/1.1 200 /);
    await writeThenRead(port, "GET /last HTTP/1.1\r\nHost: h\r\n\r\n");
  });
  assert.deepEqual(paths, ["/first", "/last"]);
});

/** A connection whose other end is ours to play. */
function connection(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

test("lingering close: a client may send for 30 seconds or 256 MiB, and be silent for 5 seconds", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const [silent, endless] = [connection(), connection()];
  linger(silent);
  t.mock.timers.tick(4999);
  assert.equal(silent.destroyed, false);
  t.mock.timers.tick(1);
  assert.equal(silent.destroyed, true);
  linger(endless);
  for (let second = 0; second < 29; second++) {
    endless.emit("data", new Uint8Array(1));
    t.mock.timers.tick(1000);
  }
  assert.equal(endless.destroyed, false);
  t.mock.timers.tick(1000);
  assert.equal(endless.destroyed, true);
  const flood = connection();
  linger(flood);
  for (let count = 0; count < 256; count++) flood.emit("data", new Uint8Array(MIB));
  assert.equal(flood.destroyed, false);
  flood.emit("data", new Uint8Array(1));
  assert.equal(flood.destroyed, true);
});

test("lingering close: ends when the client ends its half", async () => {
  const client = connection();
  linger(client);
  assert.equal(client.writableEnded, true);
  client.push(null);
  await until(() => client.destroyed);
});
