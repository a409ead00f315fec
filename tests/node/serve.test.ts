/** serve, seen by its clients. */
import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, test } from "node:test";
import type { Handler } from "handwerk";
import { listener, type RunningServer, serve } from "handwerk/node";
import { rawRequest } from "../support/raw_request.ts";

let handler: Handler;
const errors: unknown[] = [];
let server: RunningServer;
before(async () => {
  server = await serve({
    fetch: (request) => handler(request),
    port: 0,
    hostname: "127.0.0.1",
    onError: (error) => void errors.push(error),
  });
});
after(() => server.close(true));
const raw = (bytes: string, patience?: number): ReturnType<typeof rawRequest> =>
  rawRequest(server.port, bytes, patience);
const close = "Connection: close\r\n\r\n";
const get = (path: string, host = "front"): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${close}`;

test("request: method, URL, headers and body arrive", async () => {
  handler = async (request) =>
    Response.json({
      url: request.url,
      method: request.method,
      fields: [...request.headers],
      body: await request.text(),
    });
  const { body } = await raw(
    "PUT /a%2Fb/%61?q=//x&& HTTP/1.1\r\nHost: front:81\r\nX-A: 1\r\nx-a: 2\r\n" +
      `Cookie: a=1\r\nCookie: b=2\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello`,
  );
  assert.deepEqual(JSON.parse(body.replace(/^[^{]*|[^}]*$/g, "")), {
    url: "http://front:81/a%2Fb/%61?q=//x&&",
    method: "PUT",
    fields: [
      ["connection", "close"],
      ["content-length", "5"],
      ["cookie", "a=1; b=2"],
      ["host", "front:81"],
      ["x-a", "1, 2"],
    ],
    body: "hello",
  });
});

// What must not reach a handler.
const refused: readonly (readonly [string, string])[] = [
  ["a path in Host", get("/p", "good/evil")],
  ["user information in Host", get("/p", "u:p@evil")],
  ["a query in Host", get("/p", "h?x")],
  ["an invalid port", get("/p", "h:99999")],
  ["a broken escape", get("/%zz")],
  ["a dot segment", get("/a/../b")],
  ["an escaped dot segment", get("/a/%2e%2e/b")],
  ["a backslash", get("/\\evil.com")],
  ["another scheme than the connection's", get("https://front/x")],
  ["a host in absolute form that cannot be", get("http://good:99999/x")],
  ["no host in absolute form", get("http:///x")],
  ["a fragment in absolute form", get("http://front#x")],
  ["another scheme in absolute form", get("ftp://front/x")],
  ["* with another method", get("*")],
  ["OPTIONS * with an invalid host", `OPTIONS * HTTP/1.1\r\nHost: a/b\r\n${close}`],
  ["user information in absolute form", get("http://u:p@front/x")],
  ["a host that no URL can have", get("/p", "256.256.256.256")],
  ["Host twice", `GET / HTTP/1.1\r\nHost: front\r\nHost: front\r\n${close}`],
  [
    "Content-Length with Transfer-Encoding",
    `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n${close}0\r\n\r\n`,
  ],
  ["a target that is no path", get("x")],
  ["no Host", `GET / HTTP/1.1\r\n${close}`],
  [
    "two lengths",
    `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n${close}`,
  ],
];
for (const [why, bytes] of refused) {
  test(`request: ${why} is a 400`, async () => {
    handler = () => assert.fail("the handler was called");
    assert.equal((await raw(bytes)).status, 400);
  });
}

test("CONNECT and TRACE: 501", async () => {
  handler = () => assert.fail("the handler was called");
  for (const line of ["CONNECT front:1", "TRACE /"]) {
    assert.equal((await raw(`${line} HTTP/1.1\r\nHost: front\r\n${close}`)).status, 501);
  }
});

test("absolute form: its host replaces Host; HTTP/1.0 is served", async () => {
  handler = (request) => new Response(`${request.url} ${request.headers.get("host")}`);
  for (
    const [target, seen] of [
      ["http://front/x", "http://front/x front"],
      ["http://other:99/x?q", "http://other:99/x?q other:99"],
      ["HTTP://OTHER:80?q", "http://other/?q OTHER:80"],
      ["http://[::1]:8/%2F", "http://[::1]:8/%2F [::1]:8"],
    ] as const
  ) {
    assert.equal((await raw(get(target))).body.trim(), seen);
  }
  assert.match((await raw("GET /x HTTP/1.0\r\n\r\n")).body, /^http:\/\/localhost\/x /);
});

test("OPTIONS *: 204 without the handler, and the connection is kept", async () => {
  handler = () => new Response("next");
  const options = "OPTIONS * HTTP/1.1\r\nHost: front\r\nContent-Length: 2\r\n\r\nhi";
  const { status, text } = await raw(options + get("/"));
  assert.equal(status, 204);
  assert.match(text, /next$/);
});

test("invalid response header: a 500 with its own reason phrase", async () => {
  for (const content of ["text", null]) {
    errors.length = 0;
    handler = () => new Response(content, { status: 201, headers: { "x-a": "\x01" } });
    const { head, body } = await raw(get("/"));
    assert.match(head, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
    assert.doesNotMatch(head, /x-a/i);
    assert.equal(body, "Internal Server Error");
    assert.match(String(errors), /x-a/);
  }
});

test("Content-Length: that of the body, not a copied one", async () => {
  for (const [content, length] of [["", 0], ["text", 4], [new Uint8Array(3), 3]] as const) {
    for (const headers of [{}, { "content-length": "99" }] as const) {
      handler = () => new Response(content, { headers });
      const { head } = await raw(get("/"));
      assert.match(head, new RegExp(`^content-length: ${length}\r$`, "m"));
      assert.doesNotMatch(head, /transfer-encoding/i);
      handler = async () => await Promise.resolve(new Response(content, { headers }));
      assert.match((await raw(get("/"))).head, new RegExp(`^content-length: ${length}\r$`, "m"));
    }
  }
});

test("request: //evil is a path, not a host", async () => {
  handler = (request) => new Response(new URL(request.url).host);
  assert.match((await raw(get("//evil.com/x"))).body, /front/);
});

test("response: text, streams, HEAD and statuses without body have the right framing", async () => {
  handler = () =>
    new Response("hello", { status: 201, statusText: "Made", headers: { "x-a": "1" } });
  const text = await raw(get("/"));
  assert.match(text.head, /^HTTP\/1\.1 201 Made\r\n/);
  assert.match(text.head, /^x-a: 1\r$/m);
  handler = () => new Response(null);
  assert.match((await raw(get("/"))).head, /^content-length: 0\r$/m);
  handler = () => new Response(null, { status: 204 });
  assert.doesNotMatch((await raw(get("/"))).head, /content-length|transfer-encoding/i);
  handler = () => new Response("hello", { headers: { "content-length": "5" } });
  const head = await raw(`HEAD / HTTP/1.1\r\nHost: h\r\n${close}`);
  assert.match(head.head, /^content-length: 5\r$/m);
  assert.equal(head.body, "");
});

test("Set-Cookie: one line for each cookie", async () => {
  handler = () => {
    const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
    return new Response(null, { headers });
  };
  assert.match((await raw(get("/"))).head, /set-cookie: a=1\r\nset-cookie: b=2\r\n/);
});

test("failing handler: a 500 without details, reported to onError", async () => {
  for (
    const failing of [() => Promise.reject(new Error("secret")), () => {
      throw new Error("secret");
    }]
  ) {
    errors.length = 0;
    handler = failing;
    const { status, text } = await raw(get("/"));
    assert.equal(status, 500);
    assert.ok(!text.includes("secret"));
    assert.match(String(errors), /secret/);
  }
  errors.length = 0;
  handler = (() => {}) as unknown as Handler;
  assert.equal((await raw(get("/"))).status, 500);
  assert.match(
    String(errors),
    /TypeError: the handler returned undefined; return a Response/,
  );
});

/** A body without a stated length. */
function slowly(text: string, length: number): Response {
  const body = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-length": String(length) } });
}
const failingStream = (): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode("first"));
      controller.error(new Error("the disk failed"));
    },
  });
for (
  const [why, response] of [
    ["that fails", () => new Response(failingStream())],
    [
      "that fails and has a length",
      () => new Response(failingStream(), { headers: { "content-length": "100" } }),
    ],
    ["that is too short", () => slowly("short", 100)],
  ] as const
) {
  test(`response body ${why}: does not look complete`, async () => {
    errors.length = 0;
    handler = response;
    const { text } = await raw(get("/"));
    assert.doesNotMatch(text, /\r\n0\r\n\r\n$/);
    assert.equal(errors.length, 1);
  });
}

test("response body: bytes beyond Content-Length do not become the next response", async () => {
  handler = () => slowly("too long", 3);
  const { text } = await raw("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert.ok(!text.includes("too long"));
});

test("client disconnect: aborts the signal and cancels the response body", async () => {
  const left = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  handler = (request) => {
    request.signal.addEventListener("abort", () => left.resolve());
    return new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1000)),
        cancel: () => cancelled.resolve(),
      }),
    );
  };
  const socket = connect(server.port, "127.0.0.1", () => socket.write(get("/")));
  socket.once("data", () => socket.destroy());
  await Promise.all([left.promise, cancelled.promise]);
});

test("signal: not aborted after a complete response", async () => {
  let signal: AbortSignal | undefined;
  handler = (request) => {
    ({ signal } = request);
    return new Response("ok");
  };
  await raw(get("/"));
  assert.equal(signal?.aborted, false);
});

test("client disconnect: reading an incomplete upload fails", async () => {
  const failed = Promise.withResolvers<unknown>();
  handler = async (request) => {
    await request.text().catch(failed.resolve);
    return new Response();
  };
  const socket = connect(server.port, "127.0.0.1", () => {
    socket.write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf");
    setTimeout(() => socket.destroy(), 20);
  });
  assert.ok(await failed.promise instanceof Error);
});

for (const reads of ["nothing", "the beginning"]) {
  test(`keep-alive: the connection is kept when ${reads} of an upload is read`, async () => {
    handler = async (request) => {
      if (reads !== "nothing" && request.body) {
        const reader = request.body.getReader();
        await reader.read();
        await reader.cancel();
      }
      return new Response(request.method);
    };
    const size = 100_000;
    const { text } = await raw(
      `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}${get("/")}`,
    );
    assert.match(text, /POST[\s\S]*HTTP\/1\.1 200 OK[\s\S]*GET/);
  });
}

test("streaming: the upload is read while the response is written", async () => {
  handler = (request) => new Response(request.body);
  const echoed: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const options = { port: server.port, host: "127.0.0.1", method: "POST" };
    const upload = httpRequest(options, (response) => {
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        echoed.push(chunk);
        if (echoed.length === 1) upload.end("second");
      });
      response.on("end", resolve);
    });
    upload.on("error", reject);
    upload.write("first");
  });
  assert.deepEqual(echoed, ["first", "second"]);
});

test("backpressure: memory stays small while a slow client reads", async () => {
  let made = 0;
  handler = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          made += 65536;
          controller.enqueue(new Uint8Array(65536));
        },
      }),
    );
  const socket = connect(server.port, "127.0.0.1", () => socket.write(get("/")));
  socket.pause();
  let before = -1;
  while (before !== made) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(made < 20_000_000, `${made} bytes were made`);
  socket.destroy();
});

test("close: waits for running responses, and close(true) does not", async () => {
  for (const force of [false, true]) {
    const asked = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const own = await serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async () => {
        asked.resolve();
        await go.promise;
        return new Response("answered");
      },
    });
    const response = rawRequest(own.port, get("/"));
    await asked.promise;
    const closed = own.close(force);
    if (!force) go.resolve();
    await closed;
    go.resolve();
    assert.equal((await response.catch(() => ({ text: "" }))).text.includes("answered"), !force);
    await assert.rejects(fetch(own.url));
  }
});

test("port in use: the error says so", async () => {
  await assert.rejects(
    serve({ fetch: () => new Response(), port: server.port, hostname: "127.0.0.1" }),
    {
      code: "EADDRINUSE",
      message:
        `serve: port ${server.port} is in use; stop what listens there, or choose another port`,
    },
  );
});

test("options: rejects wrong values", async () => {
  await assert.rejects(
    serve({ fetch: undefined as unknown as Handler }),
    /TypeError: serve: fetch is undefined/,
  );
  await assert.rejects(
    serve({ fetch: () => new Response(), port: 70000 }),
    /TypeError: serve: port is 70000; give a port/,
  );
  await assert.rejects(
    serve({ fetch: () => new Response(), onError: "log" as unknown as () => void }),
    /TypeError: serve: onError is "log"; give a function/,
  );
});

test("onError: its own error goes to console.error", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  let count = 0;
  const onError = (): Promise<void> => {
    const full = new Error("no disk to write to");
    if (++count === 1) throw full;
    return Promise.reject(full);
  };
  const fails: Handler = () => Promise.reject(new Error("once"));
  const server = await serve({ port: 0, hostname: "127.0.0.1", onError, fetch: fails });
  try {
    assert.deepEqual(
      [(await fetch(server.url)).status, (await fetch(server.url)).status],
      [500, 500],
    );
    for (const call of [0, 1]) {
      assert.match(String(said.mock.calls[call]?.arguments[1]), /no disk to write to/);
    }
  } finally {
    await server.close(true);
  }
});

test("url: has the host and the port", async () => {
  for (
    const [hostname, name] of [[undefined, "localhost"], ["0.0.0.0", "localhost"], [
      "127.0.0.1",
      "127.0.0.1",
    ]]
  ) {
    const own = await serve({
      fetch: () => new Response(),
      port: 0,
      ...(hostname ? { hostname } : {}),
    });
    assert.equal(own.url, `http://${name}:${own.port}/`);
    assert.equal((await fetch(own.url)).status, 200);
    await own.close(true);
  }
});

test("listener: serves on a server of the user", async () => {
  const own = createServer(listener(() => new Response("mine")));
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  const { port } = own.address() as AddressInfo;
  assert.match((await rawRequest(port, get("/"))).body, /mine/);
  own.close();
});

test("early response: reading the rest of the body fails", async () => {
  let read: Promise<string> | undefined;
  handler = (request) => {
    read = request.text();
    read.catch(() => {}); // it may fail before it is looked at
    return new Response("answered");
  };
  const socket = connect(server.port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nHost: front\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  let answer = "";
  while (!answer.includes("answered")) {
    answer += String(await new Promise((resolve) => socket.once("data", resolve)));
  }
  socket.write("3\r\ndef\r\n0\r\n\r\n");
  await assert.rejects(read ?? Promise.resolve(), /response ended before the request body/);
  socket.destroy();
});
