/** A Worker in front of another one, to which it is bound, in workerd itself. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, afterEach, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { WebSocket } from "ws";
import { type Host, startWorker } from "../support/hosts.ts";
import { rawRequest, type RawResponse } from "../support/raw_request.ts";
import { type Connection, type RawUpstream, rawUpstream } from "../support/raw_upstream.ts";

let host: Host;
let upstream: RawUpstream; // of the Worker that is bound
let current: Connection | undefined;
before(async () => {
  upstream = await rawUpstream();
  host = await startWorker(
    "tests/hosts/relays/workers_binding.ts",
    upstream.url,
    "tests/hosts/relays/workers_bound.ts",
  );
});
after(async () => {
  upstream.close();
  await host.stop();
});
afterEach(() => (current = undefined));

const answer = (bytes: string | Uint8Array): void => {
  upstream.onRequest = (connection) => {
    current = connection;
    connection.write(bytes);
  };
};
const get = (path: string, fields = ""): Promise<RawResponse> =>
  rawRequest(host.port, `GET ${path} HTTP/1.1\r\nHost: front.example:99\r\n${fields}\r\n`, 500);
/** Sends bytes, and others when what has come matches; resolves when the connection is closed. */
function talk(bytes: string, replies: [RegExp, string | (() => void)][]): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(host.port, "127.0.0.1");
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const [first] = replies;
      if (!first?.[0].test(text)) return;
      replies.shift();
      if (typeof first[1] === "string") socket.write(first[1]);
      else first[1]();
      if (replies.length === 0 && first[1] === "") socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
}

test("a binding can be mounted, and gets no platform arguments", async () => {
  const { status, body } = await get("/mounted/look?q", "X-A: 1\r\n");
  assert.equal(status, 200);
  const { url, method, fields } = JSON.parse(body) as {
    url: string;
    method: string;
    fields: Record<string, string>;
  };
  assert.deepEqual([url, method], ["http://front.example:99/look?q", "GET"]);
  assert.equal(fields["x-a"], "1");
});

test("a binding gets the client's origin, the path below the mount and the forwarding headers", async () => {
  const fields = "X-A: 1\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: x-b\r\nX-B: 2\r\n";
  const { status, body } = await get("/bound/look?q=%2F", fields);
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(body), {
    url: "http://front.example:99/look?q=%2F",
    method: "GET",
    fields: {
      host: "front.example:99",
      via: "1.1 gate",
      "x-a": "1",
      "x-forwarded-for": "unknown",
      "x-forwarded-host": "front.example:99",
      "x-forwarded-port": "99",
      "x-forwarded-prefix": "/bound",
      "x-forwarded-proto": "http",
    },
  });
});

test("a binding gets the host of the option", async () => {
  const { url, fields } = JSON.parse((await get("/named/look")).body) as {
    url: string;
    fields: Record<string, string>;
  };
  assert.equal(url, "http://front.example:99/look");
  assert.equal(fields["host"], "virtual.example");
});

for (const way of ["bound", "guarded"]) {
  test(`${way}: bodies stream in both directions at the same time`, async () => {
    const head = "POST /WAY/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    const text = await talk(`${head.replace("WAY", way)}5\r\nfirst\r\n`, [
      [/first/, "6\r\nsecond\r\n"],
      [/second/, "0\r\n\r\n"],
      [/\r\n0\r\n\r\n$/, ""],
    ]);
    assert.match(text, /^HTTP\/1\.1 200 [\s\S]*\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n$/);
  });

  test(`${way}: compressed content is forwarded unchanged`, async () => {
    const gzip = gzipSync("compressed ".repeat(50));
    const fields = `Content-Encoding: gzip\r\nContent-Length: ${gzip.length}\r\n\r\n`;
    answer(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields}`), gzip]));
    const { head, body } = await get(`/${way}/x`, "Accept-Encoding: gzip\r\n");
    assert.match(head, /^content-encoding: gzip$/im);
    assert.match(head, new RegExp(`^content-length: ${gzip.length}$`, "im"));
    assert.equal(body, gzip.toString("latin1"));
  });

  for (const cut of ["end", "reset"] as const) {
    test(`${way}: content of a known length that is cut by ${cut} is cut`, async () => {
      answer("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nfirst");
      const head = `GET /${way}/x HTTP/1.1\r\nHost: h\r\n\r\n`;
      const text = await talk(head, [[/first/, () => current?.[cut]()]]);
      assert.match(text, /^content-length: 11\r$/im);
      assert.match(text, /\r\n\r\nfirst$/);
    });
  }

  test(`${way}: an exception is a 502 without details`, async () => {
    const { status, head, body } = await get(`/${way}/throw`);
    assert.equal(status, 502);
    assert.equal(body, "Bad Gateway");
    assert.match(head, /^proxy-status: gate(?:;|$)/im);
  });

  test(`${way}: WebSocket: subprotocol, messages and close`, async () => {
    const client = new WebSocket(`ws://127.0.0.1:${host.port}/${way}/socket`, ["a", "b"]);
    await once(client, "open");
    assert.equal(client.protocol, "b");
    client.send("text");
    const [text] = await once(client, "message") as [Buffer];
    assert.equal(text.toString(), "text");
    client.send("close");
    const [code, reason] = await once(client, "close") as [number, Buffer];
    assert.deepEqual([code, reason.toString()], [4001, "as asked"]);
  });

  test(`${way}: a client disconnect cancels the response`, async () => {
    answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    await talk(`GET /${way}/x HTTP/1.1\r\nHost: h\r\n\r\n`, [[/first/, ""]]);
    // It is noticed when there is more to be written.
    const more = setInterval(() => current?.write("4\r\nmore\r\n"), 50);
    await current?.closed;
    clearInterval(more);
  });
}

test("a refused upgrade reaches the client", async () => {
  const { status, body } = await get("/bound/socket");
  assert.deepEqual([status, body], [426, "no"]);
});

test("a handler's response from a binding is decoded, and has no Content-Encoding", async () => {
  const gzip = gzipSync("compressed");
  const fields = `Content-Encoding: gzip\r\nContent-Length: ${gzip.length}\r\n\r\n`;
  answer(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields}`), gzip]));
  const { status, head, body } = await get("/handler/x", "Accept-Encoding: gzip\r\n");
  assert.equal(status, 200);
  assert.doesNotMatch(head, /^content-(?:encoding|length):/im);
  assert.match(body, /^a\r\ncompressed\r\n/);
});

test("a body that was left encoded stays encoded in a new response", async () => {
  const gzip = gzipSync("compressed");
  const fields = `Content-Encoding: gzip\r\nContent-Length: ${gzip.length}\r\n\r\n`;
  answer(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields}`), gzip]));
  const { status, head, text } = await get("/undecoded/x", "Accept-Encoding: gzip\r\n");
  assert.equal(status, 200);
  assert.match(head, /^content-encoding: gzip$/im);
  assert.ok(text.includes(gzip.toString("latin1")));
});

test("the content length and the method arrive unchanged", async () => {
  const fields = "Content-Length: 7\r\nContent-Type: text/x\r\n";
  const head = `PATCH /bound/look HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;
  const { body } = await rawRequest(host.port, `${head}content`, 500);
  const seen = JSON.parse(body) as { method: string; fields: Record<string, string> };
  assert.equal(seen.method, "PATCH");
  assert.equal(seen.fields["content-length"], "7");
  assert.equal(seen.fields["content-type"], "text/x");
});

test("no response in time is a 504", async () => {
  answer("");
  const { status, head } = await get("/hasty/x");
  assert.equal(status, 504);
  assert.match(head, /^proxy-status: gate; error=http_response_timeout$/im);
  await current?.closed;
});
