/** Abusive connections: none of them ends the process or stays open. */
import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { type Handler, proxyTo } from "handwerk";
import { tls } from "../support/http2.ts";
import { own, serving, until } from "../support/host.ts";
import { rawRequest } from "../support/raw_request.ts";
import { rawUpstream } from "../support/raw_upstream.ts";

const slow: Handler = async () => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return new Response("slow");
};
const get = (path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
const LAST = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
const TUNNEL = "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n";
const SOCKET = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const POSTED = "POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n" +
  "Content-Length: 2\r\n\r\nhi";

/** Sends bytes, and resets the connection a moment later. */
function resetting(port: number, bytes: string, moment: number): Promise<void> {
  return new Promise((resolve) => {
    const client: Socket = connect(port, "127.0.0.1", () => {
      client.write(bytes);
      setTimeout(() => client.resetAndDestroy(), moment);
    });
    client.on("error", () => {}).once("close", () => resolve());
  });
}

// Each in a server of the test's own: what is thrown there outside of a handler fails the test.
const hostile: Readonly<Record<string, string>> = {
  "a tunnel": TUNNEL,
  "a tunnel behind a request": get() + TUNNEL,
  "an upgrade": SOCKET,
  "an upgrade behind a request": get() + SOCKET,
  "an upgrade behind requests": get() + get() + SOCKET,
  "an upgrade behind an upgrade": SOCKET + SOCKET,
  "an upgrade with content": SOCKET.replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nhi"),
  "an upgrade whose content is read": POSTED,
  "an upgrade whose content does not end": POSTED.slice(0, -1),
  "an upgrade with content behind a request": get() + POSTED,
  "nonsense behind a request": `${get()}\0\r\n\r\n`,
};
for (const [name, bytes] of Object.entries(hostile)) {
  test(`abusive connection: ${name} ends only its own connection`, () =>
    serving(slow, async (port) => {
      for (let i = 0; i < 12; i++) await resetting(port, bytes, i % 3);
      await rawRequest(port, bytes, 100);
      assert.equal((await rawRequest(port, LAST)).status, 200);
    }));
}

test("CONNECT: rejected, and the connection closed", () =>
  serving(slow, async (port) => {
    const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    let text = "";
    client.on("data", (chunk: Buffer) => (text += chunk.toString()));
    client.write(TUNNEL);
    await new Promise((resolve) => client.once("end", resolve));
    assert.match(text, /^HTTP\/1\.1 501 /);
    client.end();
    await new Promise((resolve) => client.once("close", resolve));
  }));

test("CONNECT over HTTP/2: rejected", () =>
  serving(slow, async (port) => {
    const client = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const stream = client.request({ ":method": "CONNECT", ":authority": "h:1" });
    const status = await new Promise((resolve) =>
      stream.once("response", (fields) => resolve(fields[":status"]))
    );
    client.destroy();
    assert.equal(status, 501);
  }, { ...own, http2: true, tls }));

test("pipelining: requests are handled one at a time, in order", async () => {
  let [running, most] = [0, 0];
  const order: string[] = [];
  const app: Handler = async (request) => {
    most = Math.max(most, ++running);
    const { pathname } = new URL(request.url);
    order.push(pathname);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const text = await request.text();
    running--;
    return new Response(`${pathname}${text};`);
  };
  const post =
    "POST /post HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi";
  const paths = Array.from({ length: 80 }, (_, i) => `/${i}`);
  await serving(app, async (port) => {
    const { text } = await rawRequest(port, paths.map(get).join("") + post + get("/last"), 500);
    const contents = text.match(/(?<=\r\n\r\n)\/\w+/g);
    assert.deepEqual(contents, [...paths, "/posthi", "/last"]);
  });
  assert.deepEqual(order, [...paths, "/post", "/last"]);
  assert.equal(most, 1);
});

test("pipelining: ten thousand pipelined requests close the connection", async () => {
  let count = 0;
  const app: Handler = async () => {
    count++;
    await new Promise((resolve) => setTimeout(resolve, 10));
    return new Response("slow");
  };
  await serving(app, async (port) => {
    const client = connect(port, "127.0.0.1");
    client.on("error", () => {}).resume();
    client.write(get().repeat(10_000));
    await new Promise((resolve) => client.once("close", resolve));
    assert.ok(count <= 2, `${count}`);
    assert.equal((await rawRequest(port, LAST)).status, 200);
  });
});

test("pipelining: a client disconnect drops the waiting requests", async () => {
  const paths: string[] = [];
  let left = false;
  const app: Handler = ({ url, signal }) => {
    paths.push(new URL(url).pathname);
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        left = true;
        reject(signal.reason as Error);
      })
    );
  };
  await serving(app, async (port) => {
    await resetting(port, get("/first") + get("/second"), 20);
    await until(() => left);
  });
  assert.deepEqual(paths, ["/first"]);
});

// RFC 9112 §7.1: content that is broken as soon as it begins, and goes to an upstream.
const broken: Readonly<Record<string, string>> = {
  "bare line feeds": "3\nabc\n0\n\n",
  "an invalid size": "0x3\r\nabc\r\n0\r\n\r\n",
  "a size that is too large": "FFFFFFFFFFFFFFFFF\r\nabc",
  "a chunk that is longer than its size": "3\r\nabcX\r\n0\r\n\r\n",
  "an extension that is too long": `1;${"a".repeat(70_000)}\r\na\r\n0\r\n\r\n`,
};
for (const [name, chunks] of Object.entries(broken)) {
  test(`chunked body: ${name} is a 400 and ends only its own connection`, async () => {
    const upstream = await rawUpstream();
    await serving(proxyTo(upstream.url, { onError: () => {} }), async (port) => {
      const head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
      for (let i = 0; i < 3; i++) {
        assert.match((await rawRequest(port, head + chunks, 500)).head, /^HTTP\/1\.1 4/);
      }
      assert.equal((await rawRequest(port, LAST)).status, 200);
    });
    upstream.close();
  });
}

test("HTTP version: 2.0 on HTTP/1 is a 400", () =>
  serving(slow, async (port) => {
    const request = "GET / HTTP/2.0\r\nHost: h\r\n\r\n";
    assert.equal((await rawRequest(port, request, 200)).status, 400);
  }));

/** A frame of HTTP/2 (RFC 9113 §4.1). */
function frame(type: number, flags: number, stream: number, payload: readonly number[]): Buffer {
  const { length } = payload;
  return Buffer.from([0, length >> 8, length & 255, type, flags, 0, 0, 0, stream, ...payload]);
}
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
// POST / of https://h, and the first of its content; what follows resets the stream or leaves.
const UPLOAD = [frame(1, 4, 1, [0x83, 0x87, 0x84, 0x41, 1, 0x68]), frame(0, 0, 1, [0x70, 0x71])];

test("HTTP/2: an upload that is cut does not look complete, and ends only its own connection", async () => {
  const ends: string[] = [];
  let begun = 0;
  const app: Handler = async (request) => {
    begun++;
    ends.push(await request.text().catch(() => "failed"));
    return new Response();
  };
  await serving(app, async (port) => {
    const upload = async (...more: Buffer[]): Promise<void> => {
      const [before, first] = [ends.length, begun];
      const options = { port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] };
      const client = connectTls(options);
      client.on("error", () => {}).resume();
      client.write(Buffer.concat([PREFACE, frame(4, 0, 0, []), ...UPLOAD]));
      await until(() => begun > first);
      client.write(Buffer.concat(more));
      if (more.length === 0) client.destroy();
      await until(() => ends.length > before);
      client.destroy();
    };
    await upload(frame(0, 1, 1, [0x72]));
    assert.deepEqual(ends.splice(0), ["pqr"]);
    // Every code of RFC 9113 §7.
    for (let code = 0; code <= 13; code++) await upload(frame(3, 0, 1, [0, 0, 0, code]));
    await upload();
  }, { ...own, http2: true, tls });
  assert.deepEqual(ends, Array.from({ length: 15 }, () => "failed"));
});
