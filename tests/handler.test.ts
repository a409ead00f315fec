import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compose,
  dispatch,
  easterEgg,
  type Handler,
  memory,
  type Middleware,
  middleware,
  mountOf,
  type Next,
  notFound,
  proxy,
  serveStatic,
} from "handwerk";
import { debug } from "handwerk/debug";

const tag = (name: string): Middleware => (inner) => async (request, ...args) => {
  const response = await inner(request, ...args);
  return new Response(`${name}(${await response.text()})`);
};

test("compose() puts the first middleware outermost", async () => {
  const app = compose(tag("a"), tag("b"))(() => new Response("h"));
  assert.equal(await (await app(new Request("http://x/"))).text(), "a(b(h))");
});

test("compose() of nothing is the handler itself", () => {
  assert.equal(compose()(notFound), notFound);
});

test("compose() refuses what is not a function", () => {
  assert.throws(() => compose(undefined as unknown as Middleware), TypeError);
});

test("notFound answers 404 as text, and HEAD without content", async () => {
  const get = notFound(new Request("http://x/"));
  assert.equal(get.status, 404);
  assert.equal(get.headers.get("content-type"), "text/plain;charset=utf-8");
  assert.equal(await get.text(), "Not Found");
  assert.equal(await notFound(new Request("http://x/", { method: "HEAD" })).text(), "");
});

const wrong = (value: unknown): never => value as never;
const site = serveStatic({ "/": memory({}) });
const middlewares: readonly (readonly [string, Middleware])[] = [
  ["serveStatic", site],
  ["proxy", proxy({})],
  ["dispatch", dispatch({})],
  ["debug", debug({ enabled: false })],
  ["debug", debug({ enabled: true, log: () => {} })],
  ["easterEgg", easterEgg()],
];
for (const [name, middleware] of middlewares) {
  const where = `${name}: the wrapped handler`;
  const refused: readonly (readonly [string, unknown, string])[] = [
    ["nothing", undefined, `${where} is undefined; give a handler, such as notFound`],
    [
      "a middleware without its handler",
      compose(site),
      `${where} is a middleware; give it a handler to wrap: middleware(notFound)`,
    ],
    [
      "a request, as a handler is",
      new Request("http://localhost/"),
      `${where} is a Request; give a handler, such as notFound`,
    ],
    ["a response", new Response(), `${where} is an object; give a handler, such as notFound`],
  ];
  for (const [what, value, message] of refused) {
    test(`${name} refuses to wrap ${what}`, () => {
      assert.throws(() => middleware(wrong(value)), { name: "TypeError", message });
    });
  }
}

test("an app with a fetch of its own is wrapped as a function is", async () => {
  const inner = {
    text: "inner",
    fetch(): Response {
      return new Response(this.text);
    },
  };
  for (const [name, middleware] of [...middlewares, ["compose", compose(site)] as const]) {
    const response = await middleware(wrong(inner))(new Request("http://localhost/"));
    assert.equal(await response.text(), "inner", name);
  }
});

// What a middleware that was not given its handler meets.
for (const [name, middleware] of middlewares) {
  test(`${name} without its handler is refused wherever a handler is wanted`, () => {
    const message = /is a middleware; give it a handler to wrap: middleware\(notFound\)$/;
    const receivers: readonly ((handler: Handler) => unknown)[] = [
      compose(),
      compose(site),
      compose((inner) => (request, ...args) => inner(request, ...args)),
      (handler) => dispatch({ "/a": handler }),
      (handler) => proxy({ "/a": handler }),
      (handler) => proxy({ "/a": { target: handler } }),
      dispatch({}),
      site,
    ];
    for (const receive of receivers) {
      assert.throws(() => receive(wrong(middleware)), (error: unknown) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, message);
        return true;
      });
    }
  });
}

test("dispatch takes a table", () => {
  for (const value of [null, undefined, notFound, "/a", []]) {
    assert.throws(
      () => dispatch(wrong(value)),
      /^TypeError: dispatch: mounts is .*; give one such as \{ "\/blog": blog \}/,
    );
  }
});

test("compose() refuses a handler among the middlewares", () => {
  const message =
    /^TypeError: compose: what argument 1 made is .*; give a middleware; the handler comes last/;
  assert.throws(() => compose(site, wrong(notFound))(notFound), message);
  assert.throws(() => compose(site, wrong(() => undefined))(notFound), message);
  assert.throws(() => compose(site, wrong({}))(notFound), /^TypeError: compose: argument 1 is an/);
});

test("an app that is called with a URL tells that it takes a Request", async () => {
  for (const [, middleware] of middlewares.filter(([name]) => name !== "debug")) {
    for (const value of ["http://localhost/", undefined, {}]) {
      const call = async (): Promise<Response> => await middleware(notFound)(wrong(value));
      await assert.rejects(
        call,
        /^TypeError: the request is .*; give a Request$/,
      );
    }
  }
});

test("middleware: next passes the request and the platform arguments on", async () => {
  const seen: unknown[] = [];
  const stamp = middleware(async (request, next) => {
    const response = await next();
    return new Response(`${request.url} ${await response.text()}`);
  });
  const app = compose(stamp)((request: Request, env: string) => {
    seen.push(env);
    return new Response(request.method);
  });
  const response = await app(new Request("http://localhost/a"), "env");
  assert.equal(await response.text(), "http://localhost/a GET");
  assert.deepEqual(seen, ["env"]);
});

test("middleware: next passes on another request, and may be called twice", async () => {
  const twice = middleware(async (_, next) => {
    const [a, b] = await Promise.all(
      ["/a", "/b"].map((path) => next(new Request(`http://localhost${path}`))),
    );
    return new Response(`${await a?.text()} ${await b?.text()}`);
  });
  const app = twice((request) => new Response(new URL(request.url).pathname));
  assert.equal(await (await app(new Request("http://localhost/"))).text(), "/a /b");
});

test("middleware: below a mount, it sees what a mounted handler sees", async () => {
  const tell = middleware((request) => {
    const { base, path } = mountOf(request);
    return new Response(`${new URL(request.url).pathname} ${base} ${path}`);
  });
  const app = dispatch({ "/app": tell(notFound) })(notFound);
  assert.equal(await (await app(new Request("http://localhost/app/x"))).text(), "/x /app /x");
});

test("middleware: a function that returns nothing is an error, and so is none", async () => {
  const forgot = middleware(((_: Request, next: Next) => void next()) as never)(notFound);
  await assert.rejects(
    async () => await forgot(new Request("http://localhost/")),
    /TypeError: middleware: the function returned undefined; return a Response/,
  );
  assert.throws(() => middleware("x" as never), /TypeError: middleware: the function is "x"/);
  assert.throws(
    () => compose(middleware((_, next) => next()))(undefined as never),
    /TypeError: compose: the innermost handler/,
  );
});

test("middleware: what the wrapped handler returned may be returned, as after an upgrade on Bun", async () => {
  const pass = middleware((_, next) => next());
  const app = pass((() => undefined) as never);
  assert.equal(await app(new Request("http://localhost/")), undefined);
});
