import assert from "node:assert/strict";
import { test } from "node:test";
import type { FrameCapture } from "../../src/debug/types.ts";
import type { DebugOptions } from "handwerk/debug";
import { dispatch } from "../../src/dispatch.ts";
import { notFound } from "../../src/handler.ts";
import { mountOf } from "../../src/mount.ts";
import { debugged, HOST } from "../support/debugging.ts";

const broken = (): never => {
  throw new TypeError("It is broken");
};

test("a response passes through unchanged", async () => {
  const { get, logged } = debugged((request) =>
    new Response(`${request.url} ${mountOf(request).path}`, {
      status: 201,
      statusText: "Made",
      headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["content-encoding", "identity"]],
    })
  );
  const response = await get("/x");
  assert.deepEqual([response.status, response.statusText], [201, "Made"]);
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.equal(await response.text(), "http://localhost:3000/x /x");
  const bare = debugged(() => new Response(null, { status: 204 }));
  assert.equal((await bare.get("/")).body, null);
  assert.deepEqual(logged, []);
});

test("a handler that returns undefined is shown as an error", async () => {
  const { get } = debugged(() => undefined as unknown as Response);
  const response = await get("/", { accept: "text/plain" });
  assert.equal(response.status, 500);
  assert.match(
    await response.text(),
    /TypeError: the handler returned undefined; return a Response/,
  );
});

const forms: readonly (readonly [accept: string, type: string, content: RegExp])[] = [
  ["text/html,*/*;q=0.8", "text/html; charset=utf-8", /^<!DOCTYPE html>[\s\S]*-->\n$/],
  ["application/json", "application/json", /^\{"id":"[\s\S]*\}$/],
  ["text/markdown", "text/markdown; charset=utf-8", /^# `TypeError`\n/],
  [
    "*/*",
    "text/plain; charset=utf-8",
    /^GET http:\/\/localhost:3000\/\n\nTypeError: It is broken\n/,
  ],
  ["image/png", "text/plain; charset=utf-8", /^GET /],
];
for (const [accept, type, content] of forms) {
  test(`an error is shown as ${type} to ${accept}`, async () => {
    const { get, app } = debugged(broken);
    const response = await get("/", { accept });
    assert.equal(response.status, 500);
    assert.equal(response.headers.get("content-type"), type);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("vary"), "accept");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("cross-origin-resource-policy"), "same-origin");
    assert.equal(response.headers.get("cross-origin-opener-policy"), "same-origin");
    assert.equal(response.headers.get("referrer-policy"), "no-referrer");
    const policy = response.headers.get("content-security-policy") ?? "";
    const [, nonce = ""] = /script-src 'nonce-([0-9a-f-]{36})'/.exec(policy) ?? [];
    assert.equal(
      policy,
      `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; ` +
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    const text = await response.text();
    assert.match(text, content);
    assert.match(text, /TypeError/);
    assert.equal(
      response.headers.get("content-length"),
      String(new TextEncoder().encode(text).length),
    );
    const head = await app(
      new Request("http://localhost/", { method: "HEAD", headers: { ...HOST, accept } }),
    );
    assert.deepEqual([head.status, head.headers.get("content-type"), await head.text()], [
      500,
      type,
      "",
    ]);
  });
}

test("an error of OPTIONS is shown like others", async () => {
  const { app } = debugged(broken);
  const response = await app(
    new Request("http://localhost/", { method: "OPTIONS", headers: HOST }),
  );
  assert.equal(response.status, 500);
  assert.match(await response.text(), /^OPTIONS /);
});

test("the excerpt shows the source as it was written, on every runtime", async () => {
  const text = await (await debugged(broken).get("/")).text();
  assert.match(text, /at broken.* \(.*tests\/debug\/debug\.test\.ts:\d+:\d+\)/);
  assert.match(text, /> +\d+ \| +throw new TypeError\("It is broken"\);\n +\| +\^/);
});

test("rejections and thrown values are shown as errors", async () => {
  for (
    const [inner, text] of [
      [() => Promise.reject(new Error("rejected")), /Error: rejected/],
      [() => Promise.reject("plain"), /string: "plain"/],
      [() => Promise.reject(new Response("no", { status: 404 })), /Response/],
    ] as const
  ) assert.match(await (await debugged(inner).get("/")).text(), text);
});

test("the terminal shows the error and the request, with secrets masked", async () => {
  const { get, logged } = debugged(broken, {}, { colours: true });
  await get("/a?token=abc&page=2");
  assert.equal(logged.length, 1);
  assert.match(logged[0] ?? "", /^.\[2mGET http:\/\/localhost:3000\/a\?token=••••••&page=2/);
  assert.match(logged[0] ?? "", /TypeError: It is broken/);
});

test("errors caused by a client disconnect are not reported", async () => {
  for (const reason of [undefined, new Error("gone"), "gone"]) {
    const abort = new AbortController();
    const { app, logged } = debugged(async ({ signal }) => {
      abort.abort(reason);
      await Promise.resolve();
      signal.throwIfAborted();
      return new Response();
    });
    const request = new Request("http://localhost/", { headers: HOST, signal: abort.signal });
    await assert.rejects(async () => await app(request), (error) => error === abort.signal.reason);
    assert.deepEqual(logged, []);
  }
  // The end of another request is an error.
  const { get } = debugged(() => Promise.reject(new DOMException("x", "AbortError")));
  assert.equal((await get("/")).status, 500);
});

test("an error while the body streams is logged, kept, and fails the body", async () => {
  const run: string[] = [];
  const frames: FrameCapture = {
    status: "live",
    run: (work) => (run.push("run"), work()),
    framesOf: () => [],
  };
  const { get, logged } = debugged(
    () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("begun")),
          pull() {
            throw new RangeError("torn");
          },
        }, { highWaterMark: 0 }),
      ),
    {},
    { capture: frames },
  );
  const response = await get("/stream");
  assert.equal(response.status, 200);
  await assert.rejects(response.text(), /torn/);
  assert.match(
    logged.join(),
    /GET http:\/\/localhost:3000\/stream \(while streaming\)\n\nRangeError: torn/,
  );
  assert.ok(run.length >= 2);
  const list = await (await get("/__debug")).text();
  const [, path = ""] = /href="(\/__debug\/[0-9a-f-]{36})"/.exec(list) ?? [];
  assert.match(await (await get(path)).text(), /torn/);
});

test("cancelling the body cancels the body of the handler", async () => {
  let cancelled: unknown;
  const { get } = debugged(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1)),
        cancel: (reason) => void (cancelled = reason),
      }),
    )
  );
  await (await get("/")).body?.cancel("enough");
  assert.equal(cancelled, "enough");
});

test("the pages are below the path of the debugger, also below a mount", async () => {
  const inner = (): Response => new Response("inner");
  const { app } = debugged(inner, { path: "/dev/errors/" });
  const mounted = dispatch({ "/app": app })(notFound);
  const get = async (path: string, method = "GET"): Promise<Response> =>
    await mounted(new Request(`http://localhost${path}`, { method, headers: HOST }));
  const list = await get("/app/dev/errors");
  assert.equal(list.status, 200);
  assert.match(
    await list.text(),
    /data-path="\/app\/dev\/errors"[\s\S]*No errors so far/,
  );
  assert.equal((await get("/app/dev/errors/nothing")).status, 404);
  assert.equal((await get("/app/dev/errors/console")).status, 404);
  assert.equal((await get("/app/dev/errors", "POST")).status, 405);
  assert.equal((await get("/app/dev/errors", "OPTIONS")).headers.get("allow"), "GET, HEAD");
  assert.equal((await get(`/app/dev/errors/${crypto.randomUUID()}`)).status, 410);
  assert.equal(await (await get("/app/dev/errorsome")).text(), "inner");
  assert.equal(await (await get("/app/__debug")).text(), "inner");
});

test("editor, filterFrame and render change the page", async () => {
  const page = async (options: DebugOptions): Promise<string> =>
    await (await debugged(broken, options).get("/", { accept: "text/html" })).text();
  assert.match(
    await page({ editor: "x://{file}:{line}:{column}" }),
    /href="x:\/\/[^"{}]+:\d+:\d+"/,
  );
  assert.doesNotMatch(await page({ filterFrame: () => false }), /class="frame /);
  const own = await page({ render: ({ error }, nonce) => `${error.name} ${nonce}` });
  assert.match(own, /^TypeError [0-9a-f-]{36}$/);
});

test("a wrong option is refused by name", () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ["enabled", "yes"],
    ["console", 1],
    ["trustedProxies", "127.0.0.1"],
    ["trustedProxies", ["localhost"]],
    ["log", "x"],
    ["render", {}],
    ["clientAddress", "127.0.0.1"],
    ["filterFrame", /x/],
    ["pin", 123456789],
    ["pin", true],
    ["path", "debug"],
    ["path", "/"],
    ["editor", "vscode://file"],
    ["editor", "javascript:{file}"],
    ["live", 8],
    ["live", { frames: 0 }],
    ["live", { frame: 8 }],
    ["trustedHosts", ["a:1"]],
    ["evalex", true],
  ];
  for (const [name, value] of wrong) {
    assert.throws(
      () => debugged(broken, { [name]: value }),
      (error) => error instanceof TypeError && error.message.includes(name),
      name,
    );
  }
});
