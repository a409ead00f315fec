/** What the host for Node does without Fetch objects must not be seen by those who look at them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { dispatch } from "../../src/dispatch.ts";
import type { Handler } from "../../src/handler.ts";
import { type Flow, respondFlow } from "../../src/http/flow.ts";
import { respond } from "../../src/http/respond.ts";
import { mountOf, placed } from "../../src/mount.ts";
import { earlyHints, serve, type ServeOptions } from "../../src/node.ts";
import { rawRequest } from "../support/raw_request.ts";
import { temporary } from "../support/temp.ts";

const close = "Connection: close\r\n\r\n";
const get = `GET /a/b?c HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n${close}`;
const errors: unknown[] = [];
const own = { port: 0, hostname: "127.0.0.1", onError: (error: unknown) => errors.push(error) };

/** Serves a handler, and stops when `use` is done. */
async function serving<T>(
  fetch: Handler,
  use: (port: number) => Promise<T>,
  options: Partial<ServeOptions> = {},
): Promise<T> {
  const server = await serve({ ...own, ...options, fetch });
  try {
    return await use(server.port);
  } finally {
    await server.close(true);
  }
}
const answer = (fetch: Handler, bytes = get): ReturnType<typeof rawRequest> =>
  serving(fetch, (port) => rawRequest(port, bytes));

/** A flow of some chunks, that tells what became of it. */
function flowOf(chunks: readonly string[], end: "end" | "fail" = "end"): Flow & { told: string[] } {
  const told: string[] = [];
  return {
    told,
    start(sink) {
      for (const chunk of chunks) sink.write(new TextEncoder().encode(chunk));
      if (end === "end") sink.end(["x-sum", "42"]);
      else sink.fail(new Error("the disk failed"));
    },
    resume: () => void told.push("resume"),
    cancel: () => void told.push("cancel"),
  };
}
const fields = ["content-type", "text/x", "set-cookie", "a=1", "set-cookie", "b=2"];
const bodies: readonly (readonly [string, () => Response])[] = [
  ["text", () => respond("hello", { status: 201, fields })],
  ["bytes", () => respond(new TextEncoder().encode("hello"), { status: 201, fields })],
  ["a stream", () => respond(new Blob(["hello"]).stream(), { status: 201, fields })],
  ["a flow", () => respondFlow(flowOf(["hel", "lo"]), { status: 201, fields, length: 5 })],
];
const looks: readonly (readonly [string, (response: Response) => Response | Promise<Response>])[] =
  [
    ["nobody looks", (response) => response],
    ["its content is read", async (r) => new Response(await r.text(), r)],
    ["it is wrapped", (response) => new Response(response.body, response)],
    ["it is cloned", (response) => response.clone()],
    ["a clone is read", async (response) => {
      assert.equal(await response.clone().text(), "hello");
      return response;
    }],
    ["its fields are read", (response) => {
      assert.equal(response.headers.get("content-type"), "text/x");
      return response;
    }],
  ];
for (const [what, make] of bodies) {
  for (const [who, look] of looks) {
    test(`a response of ours with ${what} is a response when ${who}`, async () => {
      const handler = placed(async () => {
        const response = make();
        assert.ok(response instanceof Response);
        assert.deepEqual([response.status, response.ok, response.bodyUsed], [201, true, false]);
        return await look(response);
      });
      const { head, body, status } = await answer(handler);
      assert.equal(status, 201);
      assert.match(body, /hello/);
      assert.match(head, /^content-type: text\/x\r$/m);
      assert.match(head, /set-cookie: a=1\r\nset-cookie: b=2\r\n/);
    });
  }
}

test("fields that a user's middleware sets on a response of ours are sent", async () => {
  const app: Handler = async (request) => {
    const response = await placed(() => respond("hello", { status: 200, fields }))(request);
    response.headers.set("x-mine", "yes");
    response.headers.delete("set-cookie");
    return response;
  };
  const { head, body } = await answer(app);
  assert.match(head, /^x-mine: yes\r$/m);
  assert.doesNotMatch(head, /set-cookie/);
  assert.equal(body, "hello");
});

test("a response that was sent is used, and not sent twice", async () => {
  errors.length = 0;
  let kept: Response | undefined;
  const app = placed(() => kept ??= respond("once", { status: 200, fields }));
  await serving(app, async (port) => {
    assert.equal((await rawRequest(port, get)).body, "once");
    assert.equal(kept?.bodyUsed, true);
    await assert.rejects(async () => await kept?.text(), TypeError);
    assert.equal((await rawRequest(port, get)).status, 500);
  });
  assert.match(String(errors), /sent already/);
});

test("a flow has its length, and its trailers without one", async () => {
  const fixed = await answer(
    placed(() => respondFlow(flowOf(["a", "b"]), { status: 200, fields: [], length: 2 })),
  );
  assert.match(fixed.head, /^content-length: 2\r$/m);
  assert.equal(fixed.body, "ab");
  const chunked = await answer(
    placed(() => respondFlow(flowOf(["a"]), { status: 200, fields: [] })),
  );
  assert.match(chunked.text, /1\r\na\r\n0\r\nx-sum: 42\r\n\r\n$/);
});

for (
  const [why, flow, length] of [
    ["fails", flowOf(["first"], "fail"), undefined],
    ["is too short", flowOf(["first"]), 10],
    ["is too long", flowOf(["first", "second"]), 5],
  ] as const
) {
  test(`a flow that ${why} never looks complete`, async () => {
    errors.length = 0;
    const { text } = await answer(
      placed(() => respondFlow(flow, { status: 200, fields: [], length })),
    );
    assert.doesNotMatch(text, /\r\n0\r\n|second/);
    assert.equal(errors.length, 1);
  });
}

test("a flow is cancelled when nobody wants it", async () => {
  for (const [bytes, status] of [[get.replace("GET", "HEAD"), 200], [get, 304]] as const) {
    const flow = flowOf([]);
    const { head } = await answer(
      placed(() => respondFlow(flow, { status, fields: [], length: 7 })),
      bytes,
    );
    assert.deepEqual(flow.told, ["cancel"]);
    assert.match(head, /content-length: 7/);
  }
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a flow waits for a slow client, goes on, and ends when the client leaves", async () => {
  const cancelled = Promise.withResolvers<void>();
  let [made, resumed] = [0, 0];
  const flow = (): Flow => {
    let push = (): void => {};
    return {
      start: (sink) =>
        (push = () => {
          do made += 65536; while (sink.write(new Uint8Array(65536)));
        })(),
      resume: () => [resumed++, push()],
      cancel: () => cancelled.resolve(),
    };
  };
  await serving(placed(() => respondFlow(flow(), { status: 200, fields: [] })), async (port) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(get));
    socket.pause();
    for (let before = -1; before !== made;) {
      before = made;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(made > 0 && made < 20_000_000, `${made} bytes were made`);
    const goesOn = resumed + 5;
    socket.resume();
    await until(() => resumed >= goesOn);
    socket.destroy();
    await cancelled.promise;
  });
});

test("a flow for a client that has left is cancelled before it starts", async () => {
  const flow = flowOf(["a"]);
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const app = placed(async (request) => {
    request.signal.addEventListener("abort", () => left.resolve());
    asked.resolve();
    await left.promise;
    return respondFlow(flow, { status: 200, fields: [] });
  });
  await serving(app, async (port) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(get));
    await asked.promise;
    socket.destroy();
    await until(() => flow.told.length > 0);
  });
  assert.deepEqual(flow.told, ["cancel"]);
});

test("a foreign handler gets a native request, whatever stands before it", async () => {
  const seen: unknown[] = [];
  const app: Handler = async (request) => {
    // Throws for what only looks like a request.
    const copy = new Request(request);
    seen.push([copy.url, copy.headers.get("x-a"), copy.method, await copy.text()]);
    const { original, base } = mountOf(request);
    seen.push(new Request(original.url, { headers: original.headers }).url, base);
    return new Response("ok");
  };
  const post = get.replace("GET", "POST").replace("X-A", "Content-Length: 2\r\nX-A") + "hi";
  for (
    const nest of [
      app,
      dispatch({ "/a": app })(app),
      dispatch({ "/a": app }, { rewrite: false })(app),
    ]
  ) {
    await answer(nest);
    await answer(nest, post);
  }
  const [whole, cut] = ["http://h/a/b?c", "http://h/b?c"];
  const expected = ([[whole, ""], [cut, "/a"], [whole, "/a"]] as const).flatMap(([url, base]) => [
    [url, "1", "GET", ""],
    whole,
    base,
    [url, "1", "POST", "hi"],
    whole,
    base,
  ]);
  assert.deepEqual(seen, expected);
});

test("our own handlers see the same request as others do", async () => {
  const tell = (request: Request): string =>
    JSON.stringify([
      request.url,
      request.method,
      request.headers.get("X-A"),
      request.headers.get("cookie"),
      request.headers.has("x-b"),
      [...request.headers],
      request.bodyUsed,
      request.signal.aborted,
      request instanceof Request,
    ]);
  const target = `/a"b'?q='"<x>#f`;
  const bytes = `PUT ${target} HTTP/1.1\r\nHost: FRONT:80\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\n` +
    `Cookie: b=2\r\nContent-Length: 2\r\n${close}hi`;
  const [ours, theirs] = [
    await answer(placed((request) => new Response(tell(request))), bytes),
    await answer((request) => new Response(tell(request)), bytes),
  ];
  assert.equal(ours.status, 200);
  assert.equal(ours.body.replace("#f", ""), theirs.body.replace("#f", ""));
});

test("100 Continue is sent when the content is read, and not before", async () => {
  const bytes = `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`;
  await serving(
    async (request) => new Response(await request.text()),
    (port) =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
        let text = "";
        socket.on("error", reject).on("data", (chunk: Buffer) => {
          text += chunk.toString();
          if (text === "HTTP/1.1 100 Continue\r\n\r\n") socket.write("hi");
          if (text.endsWith("hi")) resolve(void socket.destroy());
        });
      }),
  );
  const { text } = await answer(() => new Response("no", { status: 403 }), bytes);
  assert.match(text, /^HTTP\/1\.1 403 [\s\S]*connection: close/i);
});

test("an endless upload that nobody reads does not keep the connection", async () => {
  await serving(() => new Response("enough"), (port) =>
    new Promise<void>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n");
        const more = setInterval(() => socket.write(new Uint8Array(65536)), 1);
        socket.on("error", () => {}).on("close", () => resolve(clearInterval(more)));
      });
      socket.resume();
    }));
});

test("early hints come before the answer, and not to HTTP/1.0", async () => {
  const app = dispatch({
    "/a": (request: Request) => {
      earlyHints(request, ["</x>; rel=preload"]);
      return new Response("ok");
    },
  })(() => new Response());
  const { text } = await answer(app);
  assert.match(
    text,
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/x>; rel=preload\r\n\r\nHTTP\/1\.1 200 /,
  );
  assert.match((await answer(app, "GET /a HTTP/1.0\r\n\r\n")).text, /^HTTP\/1\.1 200 /);
  earlyHints(new Request("http://elsewhere/"), []);
});

const tls = (): { key: string; cert: string } => {
  const folder = temporary({});
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout ${key} -out ${cert}`
      .split(" "),
    { stdio: "ignore" },
  );
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
};

test("HTTPS and HTTP/2 on one port", async () => {
  const app = dispatch({
    "/own": placed(() =>
      respond("ours", { status: 200, fields: ["connection", "x", "x-own", "1"] })
    ),
  })(async (request) =>
    Response.json(
      [
        request.url,
        request.headers.get("host"),
        request.headers.get("cookie"),
        await request.text(),
      ],
      { headers: { "keep-alive": "x", "set-cookie": "a=1" } },
    )
  );
  await serving(app, async (port) => {
    const over1 = await new Promise<string>((resolve, reject) => {
      const options = { port, host: "127.0.0.1", rejectUnauthorized: false, path: "/own" };
      httpsRequest(options, (response) => {
        response.setEncoding("utf8").on("data", resolve);
      }).on("error", reject).end();
    });
    assert.equal(over1, "ours");
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const ask = (
      headers: IncomingHttpHeaders,
      content = "",
    ): Promise<[IncomingHttpHeaders, string]> =>
      new Promise((resolve, reject) => {
        const stream = session.request(headers, { endStream: content === "" });
        let [fields, text]: [IncomingHttpHeaders, string] = [{}, ""];
        stream.setEncoding("utf8").on("response", (got) => (fields = got)).on("error", reject);
        stream.on("data", (chunk: string) => (text += chunk)).on("end", () =>
          resolve([fields, text]));
        if (content) {
          stream.end(content);
        }
      });
    const [fields, text] = await ask({ ":path": "/own" });
    assert.deepEqual([fields[":status"], fields["x-own"], fields.connection, text], [
      200,
      "1",
      undefined,
      "ours",
    ]);
    const [answered, json] = await ask(
      { ":path": "/p?q", ":method": "POST", cookie: ["a=1", "b=2"] as unknown as string },
      "hello",
    );
    assert.deepEqual(JSON.parse(json), [
      `https://127.0.0.1:${port}/p?q`,
      `127.0.0.1:${port}`,
      "a=1; b=2",
      "hello",
    ]);
    assert.deepEqual(answered["set-cookie"], ["a=1"]);
    assert.equal((await ask({ ":path": "/a/../b" }))[0][":status"], 400);
    session.close();
  }, { tls: tls(), http2: true });
  await assert.rejects(
    serve({ ...own, fetch: app, http2: true }),
    /TypeError: serve: http2 needs tls/,
  );
});

test("close does not wait for a connection that is kept", async () => {
  const server = await serve({ ...own, fetch: () => new Response("kept") });
  const socket = connect(
    server.port,
    "127.0.0.1",
    () => socket.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
  );
  await new Promise((resolve) => socket.once("data", resolve));
  await server.close();
  socket.destroy();
});
