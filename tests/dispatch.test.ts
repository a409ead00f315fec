import assert from "node:assert/strict";
import { test } from "node:test";
import { compose, dispatch, type Handler, mountOf, notFound } from "handwerk";

const named = (name: string): Handler => () => new Response(name);
const text = async (app: Handler, path: string): Promise<string> =>
  await (await app(new Request(`http://host${path}`))).text();

// The manual's own cases: mounts, and what each request path reaches.
const app = dispatch({
  "/": named("root"),
  "/app2": named("app2"),
  "/app2/deep": named("deep"),
  "/test2/very/": named("very"),
  "/test1": named("test1"),
  "/grüße": named("grüße"),
  "/my files": named("my files"),
})(named("fallback"));
const reached: readonly (readonly [string, string])[] = [
  ["/", "root"],
  ["/nowhere", "root"],
  ["/app2", "app2"],
  ["/app2/", "app2"],
  ["/app2?x=/app2/deep", "app2"],
  ["/app2/dee", "app2"],
  ["/app2/deep", "deep"],
  ["/app2/deep/er", "deep"],
  ["/app22", "root"],
  ["/App2", "root"],
  ["/%61pp2/x", "app2"],
  ["/app2%2Fdeep", "root"],
  ["//app2", "root"],
  ["/test1/very", "test1"],
  ["/test2", "root"],
  ["/test2/very", "very"],
  ["/gr%C3%BC%C3%9Fe/x", "grüße"],
  ["/gr%c3%bc%c3%9fe", "grüße"],
  ["/my%20files/x", "my files"],
  ["/my files", "my files"],
  ["/my%2520files", "root"],
];
for (const [path, name] of reached) {
  test(`dispatch sends ${path} to ${name}`, async () => assert.equal(await text(app, path), name));
}

test("dispatch without a root mount calls the wrapped handler", async () => {
  const app = dispatch({ "/test2/very": named("very") })(named("fallback"));
  assert.equal(await text(app, "/test2"), "fallback");
});

test("a mounted foreign handler sees its URL without the mount, and the rest of the request intact", async () => {
  const abort = new AbortController();
  const received = new Request("http://host:1/a/b/c?x=1&y", {
    method: "PUT",
    headers: { "x-field": "one" },
    body: "the body",
    signal: abort.signal,
  });
  const app = dispatch({
    "/a": dispatch({
      "/b": async (request) => {
        assert.equal(request.url, "http://host:1/c?x=1&y");
        assert.equal(request.method, "PUT");
        assert.equal(request.headers.get("x-field"), "one");
        const { base, path, original } = mountOf(request);
        assert.deepEqual([base, path], ["/a/b", "/c"]);
        assert.equal(original, received);
        assert.equal(await request.text(), "the body");
        abort.abort();
        assert.ok(request.signal.aborted);
        return new Response("ok");
      },
    })(notFound),
  })(notFound);
  assert.equal(await (await app(received)).text(), "ok");
});

test("the path of a mount itself is empty, and its URL ends in a slash", async () => {
  const app = dispatch({
    "/a": (request) => new Response(`${mountOf(request).path}|${new URL(request.url).pathname}`),
  })(notFound);
  assert.equal(await text(app, "/a"), "|/");
  assert.equal(await text(app, "/a/"), "/|/");
});

test("what follows a mount never becomes an authority", async () => {
  const app = dispatch({ "/a": (request) => new Response(request.url) })(notFound);
  for (const path of ["/a//evil.com", "/a///evil.com", "/a//evil.com/%2F"]) {
    const url = await text(app, path);
    assert.equal(new URL(url).host, "host");
    assert.ok(!new URL(url).pathname.startsWith("//"), url);
  }
});

test("removePrefix: false keeps the URL and the request, and mountOf still tells", async () => {
  const received = new Request("http://host/a/x");
  const app = dispatch({
    "/a": (request) => {
      assert.equal(request, received);
      return new Response(`${request.url} ${mountOf(request).base} ${mountOf(request).path}`);
    },
  }, { removePrefix: false })(notFound);
  assert.equal(await (await app(received)).text(), "http://host/a/x /a /x");
});

test("removePrefix: false holds for what the mounted middlewares wrap", async () => {
  const inner: Handler = (request) => new Response(request.url);
  const app = dispatch({ "/a": dispatch({ "/b": notFound })(inner) }, { removePrefix: false })(
    notFound,
  );
  assert.equal(await text(app, "/a/x"), "http://host/a/x");
});

test("a middleware of the user's may stand between our own", async () => {
  const app = dispatch({
    "/a": compose(
      (inner) => (request, ...args) => inner(request, ...args),
      dispatch({
        "/b": (request) => new Response(`${request.url} ${mountOf(request).base}`),
      }),
    )(notFound),
  })(notFound);
  assert.equal(await text(app, "/a/b/c"), "http://host/c /a/b");
});

test("a nest rewrites at most once, and never for a handler at base ''", async () => {
  const received = new Request("http://host/x");
  const app = dispatch({ "/a": notFound })(
    dispatch({
      "/": (request) => {
        assert.equal(request, received);
        return new Response();
      },
    })(notFound),
  );
  assert.equal((await app(received)).status, 200);
});

test("a URL that was rewritten for a middleware of the user's is not rewritten again", async () => {
  let first: Request | undefined;
  const app = dispatch({
    "/a": compose((inner) => (request, ...args) => {
      first = request;
      return inner(request, ...args);
    }, dispatch({ "/b": notFound }))((request) => {
      assert.equal(request, first);
      return new Response(request.url);
    }),
  })(notFound);
  assert.equal(await text(app, "/a/x"), "http://host/x");
});

test("platform arguments reach the mounted and the wrapped handler", async () => {
  const app = dispatch({
    "/a": (_: Request, env: { name: string }) => new Response(`mounted ${env.name}`),
  })((_: Request, env: { name: string }) => new Response(`wrapped ${env.name}`));
  const env = { name: "env" };
  assert.equal(await (await app(new Request("http://h/a"), env)).text(), "mounted env");
  assert.equal(await (await app(new Request("http://h/b"), env)).text(), "wrapped env");
});

/** An app as Hono and h3 make them. */
class App {
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }
  fetch(request: Request, env: { name: string }): Response {
    return new Response(`${this.#name} ${new URL(request.url).pathname} ${env.name}`);
  }
}

test("an app with a fetch of its own is mounted as a function is, with its platform arguments", async () => {
  const app = dispatch({ "/app": new App("the app"), "/": { fetch: notFound } })(notFound);
  const ask = async (path: string): Promise<Response> =>
    await app(new Request(`http://host${path}`), { name: "env" });
  assert.equal(await (await ask("/app/x")).text(), "the app /x env");
  assert.equal((await ask("/x")).status, 404);
});

test("a request that no app should see is answered with 400", async () => {
  const app = dispatch({})(named("fallback"));
  for (const [path, host] of [["/%", "host"], ["/%zz", "host"], ["/", "good/evil"], ["/", "a b"]]) {
    const request = new Request(`http://host${path}`, { headers: { host: host ?? "" } });
    const carriesHost = request.headers.get("host") === host; // some runtimes forbid the field
    if (path === "/" && !carriesHost) continue;
    assert.equal((await app(request)).status, 400, `${path} ${host}`);
  }
});

for (
  const [mounts, why] of [
    [{ a: named("x") }, /"a" must start with/],
    [{ "/a?b": named("x") }, /without .* "\?", "#"/],
    [{ "/a/../b": named("x") }, /without ".", ".."/],
    [{ "/a%2fb": named("x") }, /escaped separator/],
    [{ "/a//": named("x") }, /empty segment/],
    [{ "/a": named("x"), "/a/": named("y") }, /"\/a\/" is there twice/],
    [{ "": named("x"), "/": named("y") }, /is there twice/],
    [{ "/%61": named("x"), "/a": named("y") }, /is there twice/],
    [{ "/api/*": named("x") }, /is a pattern; write "\/api"/],
    [{ "/users/:id": named("x") }, /is a pattern; write "\/users"/],
    [{ "/a": "no handler" }, /"\/a" is "no handler"; give a handler/],
  ] as const
) {
  test(`dispatch refuses ${JSON.stringify(mounts)}`, () => {
    const build = (): unknown => dispatch(mounts as unknown as Record<string, Handler>);
    assert.throws(build, (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^dispatch: the mount/);
      assert.match(error.message, why);
      return true;
    });
  });
}

test("a navigation, as a service worker gets it, reaches a mounted handler with all it has", async () => {
  class Navigation extends Request {
    override get mode(): "navigate" {
      return "navigate";
    }
  }
  const app = dispatch({
    "/app": async (request) =>
      new Response(
        [request.url, request.method, request.headers.get("x-a"), await request.text()].join(" "),
      ),
  })(notFound);
  const response = await app(
    new Navigation("http://host/app/x", {
      method: "POST",
      body: "content",
      headers: { "x-a": "1" },
    }),
  );
  assert.equal(await response.text(), "http://host/x POST 1 content");
});

for (
  const [value, shown] of [
    [undefined, "undefined"],
    [null, "null"],
    ["text", '"text"'],
    [{ status: 200 }, "an object"],
    [Response, "a function"],
  ] as const
) {
  test(`a mounted handler that returns ${shown} is told to return a Response`, async () => {
    const answers = [(): unknown => value, (): unknown => Promise.resolve(value)];
    for (const answer of answers) {
      const app = dispatch({ "/a": answer as Handler })(answer as Handler);
      await assert.rejects(
        async () => await app(new Request("http://h/a/b")),
        new TypeError(`the handler at /a returned ${shown}; return a Response`),
      );
      await assert.rejects(
        async () => await app(new Request("http://h/b")),
        new TypeError(`the handler returned ${shown}; return a Response`),
      );
    }
  });
}

test("a response of another implementation is a response", async () => {
  const other = Object.assign(Object.create({ [Symbol.toStringTag]: "Response" }), { status: 200 });
  const app = dispatch({ "/": () => other as Response })(notFound);
  assert.equal(await app(new Request("http://h/")), other);
});
