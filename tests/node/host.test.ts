/** The requests that handlers get, and what is sent beside responses. */
import assert from "node:assert/strict";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { test } from "node:test";
import { dispatch, type Handler, mountOf } from "../../src/mod.ts";
import { earlyHints, serve } from "../../src/node.ts";
import { makeResponse } from "../../src/host/make_response.ts";
import { mountAware } from "../../src/mount.ts";
import { close, get, own } from "../support/host.ts";
import { tls } from "../support/http2.ts";
import { answer, serving } from "../support/source_host.ts";

test("native request: handlers of the user get one, below any mount", async () => {
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
      dispatch({ "/a": app }, { removePrefix: false })(app),
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

test("own request: has the same values as the native request", async () => {
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
  const target = `/a"b'?q='"<x>`;
  const bytes = `PUT ${target} HTTP/1.1\r\nHost: FRONT:80\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\n` +
    `Cookie: b=2\r\nContent-Length: 2\r\n${close}hi`;
  const [ours, theirs] = [
    await answer(mountAware((request) => new Response(tell(request))), bytes),
    await answer((request) => new Response(tell(request)), bytes),
  ];
  assert.equal(ours.status, 200);
  assert.equal(ours.body, theirs.body);
});

test("a request target with a fragment is a 400", async () => {
  for (const target of ["/#", "/a#b", "/a?b#c", "http://h/a#b", '/"#', "/%23#"]) {
    const bytes = `GET ${target} HTTP/1.1\r\nHost: h\r\n${close}`;
    assert.equal((await answer(() => new Response("reached"), bytes)).status, 400, target);
  }
});

test("100 Continue: sent when the handler reads the body", async () => {
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

test("early response: an endless unread upload does not keep the connection open", async () => {
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

test("earlyHints: sent before the response, but not to HTTP/1.0", async () => {
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

test("HTTPS and HTTP/2 on one port", async () => {
  const app = dispatch({
    "/own": mountAware((request) =>
      makeResponse(request, "ours", { status: 200, fields: ["connection", "x", "x-own", "1"] })
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
  }, { tls, http2: true });
  await assert.rejects(
    serve({ ...own, fetch: app, http2: true }),
    /TypeError: serve: http2 needs tls/,
  );
});

test("close: does not wait for an idle connection", async () => {
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

test("own request: has all members of Request", async () => {
  const post = get.replace("GET", "POST").replace("X-A", "Content-Length: 8\r\nX-A") + '{"a":"b"}';
  const members = Object.getOwnPropertyNames(Request.prototype);
  const app = mountAware(async (request) => {
    for (const name of members) assert.doesNotThrow(() => Reflect.get(request, name), name);
    assert.equal(request.redirect, "follow");
    const copy = request.clone();
    assert.deepEqual([await copy.text(), await request.json()], ['{"a":1}\n', { a: 1 }]);
    assert.ok(request.bodyUsed);
    await assert.rejects(request.text(), TypeError);
    return new Response("ok");
  });
  const { status } = await answer(app, post.replace('{"a":"b"}', '{"a":1}\n'));
  assert.equal(status, 200);
});
