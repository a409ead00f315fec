/** Places, hooks, and inspect. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, type Fetcher, mountOf, notFound, proxy, proxyTo } from "handwerk";
import { inspect } from "handwerk/proxy";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { quiet, received } from "../support/proxying.ts";

test("proxyTo forwards every path, below a mount the rest of it", async () => {
  const transport = new FakeTransport();
  const leaf = proxyTo("http://up/base", { transport });
  await leaf(new Request("http://front/x?q"));
  assert.equal(transport.last.url.href, "http://up/base/x?q");
  await dispatch({ "/blog": leaf })(notFound)(new Request("http://front/blog/x"));
  assert.equal(transport.last.url.href, "http://up/base/x");
  assert.equal(new Map(transport.last.fields).get("x-forwarded-prefix"), "/blog");
});

test("several URLs share the requests by weight", async () => {
  const transport = new FakeTransport();
  const target = ["http://a/base", { url: new URL("http://b"), weight: 2 }, { url: "http://c" }];
  const app = proxyTo(target, { transport });
  for (let i = 0; i < 8; i++) await app(new Request("http://front/x"));
  const hosts = transport.sent.map(({ url }) => url.host);
  assert.deepEqual(hosts.toSorted(), ["a", "a", "b", "b", "b", "b", "c", "c"]);
  assert.notEqual(hosts[0], hosts[1]);
  for (const { url, host } of transport.sent) {
    assert.equal(host, url.host);
    assert.equal(url.pathname, url.host === "a" ? "/base/x" : "/x");
  }
});

test("a handler as target gets the URL that a mounted handler would see", async () => {
  const seen: Request[] = [];
  const handler = (request: Request, env: { name: string }, extra: number): Response => {
    seen.push(request);
    return new Response(`${env.name} ${extra}`, {
      headers: { location: "/next", connection: "x" },
    });
  };
  const app = proxy({ "/api": { target: handler, removePrefix: true } }, quiet)(notFound);
  const request = new Request("http://front.example:81/api/x?q=1", {
    method: "POST",
    body: "content",
    headers: { "content-type": "a/b", te: "trailers" },
  });
  const response = await app(request, { name: "env" }, 7);
  assert.equal(await response.text(), "env 7");
  assert.equal(response.headers.get("location"), "/api/next");
  assert.equal(response.headers.get("connection"), null);
  const [inner] = seen;
  assert.equal(inner?.url, "http://front.example:81/x?q=1");
  assert.equal(inner?.method, "POST");
  assert.equal(await inner?.text(), "content");
  assert.equal(inner?.headers.get("te"), null);
  assert.equal(mountOf(inner ?? request).base, "");
});

test("a handler as target that rejects is 502", async () => {
  const errors: unknown[] = [];
  const app = proxyTo(() => Promise.reject(new Error("inside")), {
    onError: (error) => void errors.push(error),
  });
  const response = await app(new Request("http://front/"));
  assert.equal(response.status, 502);
  assert.equal(await response.text(), "Bad Gateway");
  assert.match(String(errors[0]), /inside/);
});

test("a handler as target: a cut body arrives cut", async () => {
  const app = proxyTo(() => new Response("short", { headers: { "content-length": "10" } }), {
    onError: () => {},
  });
  await assert.rejects((await app(new Request("http://front/"))).text(), /Content-Length is 10/);
});

test("a service binding is called by fetch, although it has every property", async () => {
  const calls: Request[] = [];
  const binding = new Proxy({} as Fetcher, {
    get: (_, name) => (request: Request) => {
      if (name !== "fetch") throw new Error(String(name));
      calls.push(request);
      return Promise.resolve(new Response("bound"));
    },
    has: () => true,
  });
  for (const target of [binding, { target: binding, host: "service.example" }]) {
    const app = proxy({ "/": target }, quiet)(notFound);
    assert.equal(await (await app(new Request("http://front/x"))).text(), "bound");
  }
  assert.equal(calls[0]?.url, "http://front/x");
  // Some runtimes do not show the field.
  const host = calls[1]?.headers.get("host");
  assert.ok(host === "service.example" || host === null);
});

test("a handler as target gets any Host, and no method that the runtime changes", async () => {
  const none = new FakeTransport(ok, []);
  const app = proxyTo({ target: () => new Response("ok"), host: null }, { transport: none });
  assert.equal((await app(new Request("http://front/", { method: "PUT", body: "" }))).status, 200);
  const odd = received({}, { method: "PROPFIND" });
  assert.equal((await app(odd)).status, 501);
  assert.equal(none.sent.length, 0);
  const methods: string[] = [];
  const any = proxyTo((request) => {
    methods.push(request.method);
    return new Response("ok");
  }, { transport: new FakeTransport(ok, ["anyMethod"]), onError: () => {} });
  const { status } = await any(odd);
  assert.ok(status === 502 || methods[0] === "PROPFIND");
});

test("onRequest and onResponse get the final messages, and may replace them", async () => {
  const transport = new FakeTransport(() => ({
    ...ok(),
    fields: [["connection", "x-hop"], ["x-hop", "1"], ["x", "1"]],
  }));
  const app = proxyTo("http://up", {
    ...quiet,
    transport,
    onRequest: async (outgoing, request) => {
      assert.ok(!outgoing.fields.some(([name]) => name === "te"));
      await Promise.resolve();
      return {
        ...outgoing,
        fields: [...outgoing.fields, ["x-from", new URL(request.url).pathname]],
      };
    },
    onResponse: (response, request) => {
      assert.equal(response.headers.get("x-hop"), null);
      if (request.url.endsWith("/keep")) return undefined;
      return new Response(response.body, { status: 299, headers: { "x-by": "hook" } });
    },
  });
  const response = await app(received({ te: "trailers" }, { url: "http://front/a" }));
  assert.deepEqual(transport.last.fields, [["x-from", "/a"]]);
  assert.equal(response.status, 299);
  assert.equal(await response.text(), "upstream");
  const kept = await app(new Request("http://front/keep"));
  assert.equal(kept.headers.get("x"), "1");
});

test("the handler rejects with errors of hooks, and the exchange is aborted", async () => {
  const boom = new Error("boom");
  const refuse = (): never => {
    throw boom;
  };
  for (const hook of ["onRequest", "onResponse"] as const) {
    let signal: AbortSignal | undefined;
    const transport = new FakeTransport((request) => {
      signal = request.signal;
      return ok();
    });
    const errors: unknown[] = [];
    const app = proxyTo("http://up", {
      transport,
      [hook]: refuse,
      onError: (error) => void errors.push(error),
    });
    await assert.rejects(async () => app(new Request("http://front/")), (error) => error === boom);
    assert.equal(signal?.aborted, hook === "onResponse" || undefined);
    assert.deepEqual(errors, []);
  }
});

test("onInformational gets 1xx responses without hop-by-hop fields", async () => {
  const calls: unknown[] = [];
  const transport = new FakeTransport(({ onInformational }) => {
    onInformational?.(103, [["Link", "</a>"], ["Connection", "close"]]);
    return ok();
  });
  const app = proxyTo("http://up", {
    transport,
    onInformational: (status, fields, { url }) => void calls.push([status, fields, url]),
  });
  await app(new Request("http://front/"));
  assert.deepEqual(calls, [[103, [["link", "</a>"]], "http://front/"]]);
  await proxyTo("http://up", { transport })(new Request("http://front/"));
  assert.equal(transport.last.onInformational, undefined);
});

test("inspect returns the request, and sends nothing", async () => {
  const transport = new FakeTransport();
  const look = inspect({ target: "http://up/base", headers: { "x-user": "me" } }, {
    ...quiet,
    transport,
  });
  const fields = { "content-type": "a/b", "content-length": "4" };
  assert.deepEqual(await look(received(fields, { method: "PUT", body: "body" })), {
    url: "http://up/base/x",
    method: "PUT",
    host: "up",
    fields: [...Object.entries(fields), ["x-user", "me"]],
    framing: "length",
  });
  const unknown = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("the beginning")),
  });
  const chunked = await look(received({}, { method: "PUT", body: unknown }));
  assert.ok("framing" in chunked && chunked.framing === "chunked");
  const none = await look(received(fields));
  assert.ok("framing" in none && none.framing === "none");
  const refused = await look(received({ expect: "foo" }));
  assert.ok(refused instanceof Response && refused.status === 417);
  let called = false;
  const handler = (): Response => {
    called = true;
    return new Response();
  };
  assert.ok("url" in await inspect(handler)(new Request("http://front/")));
  assert.ok(!called);
  assert.equal(transport.sent.length, 0);
});

test("the transport gets the options of the connection with each request", async () => {
  const transport = new FakeTransport(ok, ["tls", "servername", "unix", "http2", "host"]);
  const tls = { ca: "-----BEGIN", servername: "up.example" };
  const app = proxyTo({ target: "https://up", tls, socketPath: "/run/up", http2: true }, {
    transport,
  });
  await app(new Request("http://front/"));
  await app(new Request("http://front/"));
  const [one, two] = transport.sent;
  assert.deepEqual(one?.connection, { tls, socketPath: "/run/up", http2: true });
  assert.equal(one?.connection, two?.connection);
  await proxyTo({ target: "https://up", http2: false }, { transport })(
    new Request("http://front/"),
  );
  assert.equal(transport.last.connection, undefined);
});

test("options of a connection that the transport lacks are refused", () => {
  const transport = new FakeTransport(ok, ["tls", "http2"]);
  const build = (options: object) => (): unknown =>
    proxyTo({ target: "https://up", ...options }, { transport });
  assert.throws(build({ tls: { rejectUnauthorized: false } }), /name the authority .* as tls\.ca/);
  assert.throws(build({ tls: { servername: "x" } }), /put the name into the URL/);
  assert.throws(build({ http2: "prior knowledge" }), /http2 must be true or false/);
  build({ tls: { rejectUnauthorized: true }, http2: true })();
});

const target = "http://up";
const transport = new FakeTransport(ok, []);
const wrong = (value: unknown): never => value as never;
for (
  const [build, message] of [
    [() => proxyTo([]), /the target is an empty list; give it a URL/],
    [() => proxyTo([{ url: target, weight: 0 }]), /weight is 0; give a number above 0/],
    [
      () => proxyTo([{ url: target, weight: Infinity }]),
      /weight is Infinity; give a number above 0/,
    ],
    [() => proxyTo(["/up"]), /the target is "\/up"; give a URL/],
    [() => proxyTo(wrong({ to: target })), /give a URL such as/],
    [() => proxyTo(wrong(undefined)), /the target is undefined; give a URL/],
    [
      () => proxy({ "/a": { target, tls: {} } }, { transport }),
      /the target of "\/a": the transport of this runtime cannot use tls/,
    ],
    [() => proxyTo({ target, socketPath: "/x" }, { transport }), /cannot use socketPath/],
    [() => proxyTo({ target, http2: true }, { transport }), /cannot use http2/],
    [() => proxyTo({ target: () => new Response(), tls: {} }), /tls needs the URL of an upstream/],
    [
      () => proxyTo({ target, tls: { cert: "x" } }, { transport: new FakeTransport(ok, ["tls"]) }),
      /cert and key together/,
    ],
    [
      () =>
        proxyTo({ target, tls: { rejectUnauthorized: wrong("no") } }, {
          transport: new FakeTransport(ok, ["tls"]),
        }),
      /tls.rejectUnauthorized is "no"; give true or false/,
    ],
    [
      () => proxyTo({ target, socketPath: "" }, { transport: new FakeTransport(ok, ["unix"]) }),
      /socketPath is ""; give the path of a Unix socket/,
    ],
    [
      () => proxyTo({ target, credentials: wrong("omit") }),
      /credentials is "omit"; give true or false/,
    ],
    [
      () => proxyTo({ target, rewriteLocation: wrong({}) }),
      /rewriteLocation is an object; give true or false/,
    ],
    [() => proxyTo({ target, headers: { via: "x" } }), /must not set via; use the option via/],
    [
      () => proxyTo(target, { xForwarded: wrong("on") }),
      /xForwarded is "on"; give "off", "append" or "set"/,
    ],
    [
      () => proxyTo(target, { forwarded: "gate" }),
      /forwarded is "gate"; give true, false or a name such as "_gateway"/,
    ],
    [() => proxyTo(target, { via: "a b" }), /via is "a b"; give false or a name such as/],
    [
      () => proxyTo(target, { trustedProxies: ["10.0.0.0/33"] }),
      /the trusted proxy "10.0.0.0\/33" is neither/,
    ],
    [
      () => proxyTo(target, { trustedProxies: wrong("10.0.0.1") }),
      /trustedProxies is "10.0.0.1"; give a list such as \["10/,
    ],
    [
      () => proxyTo(target, wrong({ timeouts: { idle: 1 } })),
      /unknown option "timeouts"; did you mean "timeout"\?/,
    ],
    [
      () => proxyTo(target, { timeout: { idle: -1 } }),
      /timeout.idle is -1; give milliseconds, a number from 0/,
    ],
    [
      () => proxyTo(target, { timeout: { total: 2 ** 31 } }),
      /timeout.total is 2147483648; give milliseconds, a number from 0/,
    ],
    [
      () => proxyTo(target, { onRequest: wrong({}) }),
      /onRequest is an object; give a function/,
    ],
    [() => inspect(wrong(1)), /the target is 1; give a URL/],
  ] as const
) {
  test(`a proxy refuses with ${message}`, () => {
    assert.throws(
      build,
      (error: Error) => error instanceof TypeError && message.test(error.message),
    );
  });
}
