/** What crosses the wire, byte for byte, in both directions. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Handler, notFound, proxy, type ProxyOptions, type Transport } from "handwerk";
import { type RawUpstream, rawUpstream } from "./raw_upstream.ts";

/** What runtimes other than Node add to a request that says nothing of it. */
const ADDED = new Set(["accept", "accept-encoding", "accept-language", "connection", "user-agent"]);

/** Registers the tests for a transport. */
export function wireTests(name: string, transport: Transport): void {
  const anyMethod = transport.capabilities.has("anyMethod");
  let upstream: RawUpstream;
  beforeEach(async () => {
    upstream = await rawUpstream();
  });
  afterEach(() => upstream.close());
  const to = (target: string, timeout = 10_000): Handler => {
    const options: ProxyOptions = { via: false, xForwarded: "off", onError: () => {}, transport };
    return proxy({ "/": target }, { ...options, timeout })(notFound);
  };
  const received = (): string => upstream.connections.at(-1)?.received ?? "";
  let lines: readonly string[] = []; // of the last request
  const answer = (bytes: string | Uint8Array): void => {
    lines = [];
    upstream.onRequest = (connection, head) => {
      lines = head.trimEnd().split("\r\n");
      connection.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    };
  };
  const EMPTY = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  test(`${name}: a path and a query arrive unchanged`, async () => {
    answer(EMPTY);
    for (
      const path of [
        "/",
        "/?",
        "/a//b/",
        "/%2F%2f/%41%7e~",
        "/a;b=c/d,e!$&'()*+:@",
        "/caf%C3%A9?caf%C3%A9=%E9",
        "/x?a=/../&b=//c&d=?&e=%00&f=[]{}|\\^`",
        "/x?http://elsewhere/@#".replace("#", "%23"),
      ]
    ) {
      const url = `http://front${path}`;
      await (await to(upstream.url)(new Request(url))).text();
      const sent = new URL(url).href.slice("http://front".length);
      assert.equal(lines[0], `GET ${sent} HTTP/1.1`);
    }
  });

  test(`${name}: request headers arrive unchanged, and no others are added`, async () => {
    answer(EMPTY);
    const headers = new Headers({
      "x-latin": "caf\xe9",
      "x-empty": "",
      "x-odd": 'a,b;c="d\\"" (e) \t f',
      "x-!#$%&'*+.^_`|~9": "token",
      cookie: "a=1; b=2",
      "sec-fetch-mode": "navigate",
      "accept-language": "en",
      "user-agent": "test",
      "accept": "text/html",
    });
    headers.append("x-twice", "1");
    headers.append("x-twice", "2");
    await (await to(upstream.url)(new Request("http://front/", { headers }))).text();
    const seen = new Map(
      lines.slice(1).map((line) => {
        const at = line.indexOf(":");
        return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
      }),
    );
    assert.equal(seen.get("host"), new URL(upstream.url).host);
    for (const [field, value] of headers) assert.equal(seen.get(field), value, field);
    const more = [...seen.keys()].filter((field) => field !== "host" && !headers.has(field));
    assert.deepEqual(more.filter((field) => !ADDED.has(field)), []);
  });

  test(`${name}: response headers arrive unchanged`, async () => {
    answer(
      "HTTP/1.1 200 Caf\xe9\r\nX-Latin: caf\xe9\r\nX-Empty:\r\nX-Twice: 1\r\nX-Twice: 2\r\n" +
        "X-!#$%&'*+.^_`|~9: token\r\nSet-Cookie: a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT\r\n" +
        "Set-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
    );
    const { headers } = await to(upstream.url)(new Request("http://front/"));
    assert.equal(headers.get("x-latin"), "caf\xe9");
    assert.equal(headers.get("x-empty"), "");
    assert.equal(headers.get("x-twice"), "1, 2");
    assert.equal(headers.get("x-!#$%&'*+.^_`|~9"), "token");
    assert.deepEqual(headers.getSetCookie(), [
      "a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT",
      "b=2",
    ]);
  });

  test(`${name}: a method is sent unchanged or not at all`, async () => {
    answer(EMPTY);
    for (const method of ["PATCH", "OPTIONS", "DELETE"]) {
      const { status } = await to(upstream.url)(new Request("http://front/", { method }));
      assert.equal(status, 200);
      assert.equal(lines[0], `${method} / HTTP/1.1`);
    }
    for (const method of ["PROPFIND", "FOO", "PURGE"]) {
      answer(EMPTY);
      // Bun would make a GET of it right here.
      const request = Object.defineProperty(new Request("http://front/"), "method", {
        value: method,
      });
      const { status } = await to(upstream.url)(request);
      assert.equal(status, anyMethod ? 200 : 501);
      assert.equal(lines[0], anyMethod ? `${method} / HTTP/1.1` : undefined);
    }
  });

  test(`${name}: a range of compressed content is forwarded unchanged`, async () => {
    const part = gzipSync("compressed ".repeat(100)).subarray(10, 30);
    const head = "HTTP/1.1 206 Partial Content\r\nContent-Encoding: gzip\r\n" +
      `Content-Range: bytes 10-29/99\r\nContent-Length: ${part.length}\r\n\r\n`;
    answer(Buffer.concat([Buffer.from(head), part]));
    const headers = { range: "bytes=10-29", "accept-encoding": "gzip" };
    const response = await to(upstream.url)(new Request("http://front/", { headers }));
    assert.equal(response.status, 206);
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array(part));
  });

  test(`${name}: a coding that was not requested is forwarded unchanged`, async () => {
    const gzip = gzipSync("compressed");
    const head =
      `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${gzip.length}\r\n\r\n`;
    answer(Buffer.concat([Buffer.from(head), gzip]));
    for (const accept of [undefined, "identity", "br", "gzip;q=0"]) {
      const headers = new Headers(accept === undefined ? {} : { "accept-encoding": accept });
      const response = await to(upstream.url)(new Request("http://front/", { headers }));
      assert.equal(response.headers.get("content-encoding"), "gzip");
      assert.equal(response.headers.get("content-length"), String(gzip.length));
      const bytes = new Uint8Array(await response.arrayBuffer());
      assert.deepEqual(bytes, new Uint8Array(gzip), accept);
    }
  });

  for (const [why, length] of [["longer", 5], ["shorter", 500]] as const) {
    test(`${name}: content that is ${why} than its length never looks complete`, async () => {
      upstream.onRequest = () => {};
      const content = "0123456789GET /smuggled HTTP/1.1\r\n\r\n";
      let sent = false;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (!sent) controller.enqueue(new TextEncoder().encode(content));
          else {
            // If it came at once, its length would be known, and would be the one that is sent.
            while (received() === "") await new Promise((resolve) => setTimeout(resolve, 5));
            controller.close();
          }
          sent = true;
        },
      }, { highWaterMark: 0 });
      const init = { method: "POST", body, duplex: "half" } as RequestInit;
      const request = new Request("http://front/", init);
      request.headers.set("content-length", String(length));
      assert.equal((await to(upstream.url)(request)).status, 502);
      const [, arrived = ""] = received().split(/\r\n\r\n(.*)/s);
      assert.ok(arrived.length <= Math.min(length, content.length), arrived);
    });
  }

  test(`${name}: content that ends with a reset is incomplete, with every framing`, async () => {
    for (const framing of ["Content-Length: 9\r\n\r\ncut", "Connection: close\r\n\r\ncut"]) {
      // The fetch of Bun takes every end of a connection for the end of such content.
      if ("Bun" in globalThis && framing.startsWith("Connection")) continue;
      upstream.onRequest = async (connection) => {
        connection.write(`HTTP/1.1 200 OK\r\n${framing}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        connection.reset();
      };
      const response = await to(upstream.url)(new Request("http://front/"));
      await assert.rejects(response.text());
    }
  });

  test(`${name}: an early response to an upload does not break the next request`, async () => {
    answer("HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno");
    const app = to(upstream.url);
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (!cancelled) controller.enqueue(new Uint8Array(1024).fill(65));
      },
      cancel: () => void (cancelled = true),
    });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const early = await app(new Request("http://front/", init));
    assert.equal(early.status, 413);
    assert.equal(await early.text(), "no");
    for (let i = 0; i < 3; i++) {
      answer(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${i}`);
      const next = await app(new Request("http://front/next"));
      assert.equal(await next.text(), String(i));
    }
    // The others came over another connection, or behind the end of the first one's content.
    const [first] = upstream.connections;
    assert.ok((first?.received.match(/^GET /gm) ?? []).length === 0 || cancelled);
    cancelled = true;
  });

  test(`${name}: an aborted exchange ends at once on both sides`, async () => {
    upstream.onRequest = (connection) =>
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    const client = new AbortController();
    const url = new URL(upstream.url);
    const response = await transport.send({
      url,
      method: "GET",
      host: url.host,
      fields: [],
      body: null,
      signal: client.signal,
    });
    const reader = response.body?.getReader();
    await reader?.read();
    client.abort();
    await upstream.connections.at(-1)?.closed;
    await assert.rejects(async () => {
      while (!(await reader?.read())?.done);
    });
  });

  /** An upstream that is told of its sockets. */
  const serve = async (
    begin: (socket: Socket) => void,
  ): Promise<{ server: Server; url: string }> => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      begin(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  const MUCH = 256 * 1024 * 1024;
  const LITTLE = 64 * 1024 * 1024;

  for (const accept of ["identity", "gzip"]) {
    test(`${name}: a download (${accept}) waits for a client that does not read`, async () => {
      let sent = 0;
      let socket: Socket | undefined;
      const { server, url } = await serve((begun) => {
        socket = begun;
        begun.once("data", () => {
          begun.write(`HTTP/1.1 200 OK\r\nContent-Length: ${MUCH}\r\n\r\n`);
          const chunk = new Uint8Array(256 * 1024);
          const more = (): void => {
            if (begun.destroyed || sent >= MUCH) return;
            begun.write(chunk, () => {
              sent += chunk.length;
              more();
            });
          };
          more();
        });
      });
      const response = await to(url)(
        new Request("http://front/", { headers: { "accept-encoding": accept } }),
      );
      const reader = response.body?.getReader();
      await reader?.read();
      for (let before = -1; before !== sent;) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      assert.ok(sent < LITTLE, `${sent} bytes`);
      await reader?.cancel();
      socket?.destroy();
      server.close();
    });
  }

  test(`${name}: an upload waits for an upstream that does not read`, async () => {
    let socket: Socket | undefined;
    const { server, url } = await serve((begun) => void (socket = begun.pause()));
    let taken = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        taken += 64 * 1024;
        if (taken > MUCH) controller.close();
        else controller.enqueue(new Uint8Array(64 * 1024));
      },
    }, { highWaterMark: 0 });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const answered = Promise.resolve(to(url)(new Request("http://front/", init)));
    for (let before = -1; before !== taken;) {
      before = taken;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    assert.ok(taken > 0 && taken < LITTLE, `${taken} bytes`);
    socket?.destroy();
    assert.equal((await answered).status, 502);
    server.close();
  });
}
