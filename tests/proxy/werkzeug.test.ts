/** The rules of Werkzeug's ProxyMiddleware. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { proxy } from "handwerk";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { quiet, received } from "../support/proxying.ts";

const url = "http://127.0.0.1:5001";
const transport = new FakeTransport(() => ({ ...ok(), fields: [["content-length", "8"]] }));
const app = proxy({
  "/foo": { target: `${url}/`, host: "faked.invalid", headers: { "X-Special": "foo" } },
  "/bar": { target: url, host: null, removePrefix: true, headers: { "X-Special": "bar" } },
  "/autohost": { target: url },
  "/deep/": { target: `${url}/a/`, removePrefix: true },
  "/deep/er/": { target: `${url}/b/` },
}, { transport, ...quiet })(() => new Response("ROOT"));

// [rule, method, request, forwarded request line, Host, special field]
const rows: readonly (readonly [string, string, string, string, string, string | undefined])[] = [
  ["host is a value", "GET", "/foo/bar", "GET /foo/bar", "faked.invalid", "foo"],
  [
    "host: null forwards the client's",
    "GET",
    "/bar/baz?a=a&b=b",
    "GET /baz?a=a&b=b",
    "localhost",
    "bar",
  ],
  [
    "host <auto> is the default",
    "GET",
    "/autohost/aha",
    "GET /autohost/aha",
    "127.0.0.1:5001",
    undefined,
  ],
  ["a dollar in the path", "GET", "/autohost/$", "GET /autohost/$", "127.0.0.1:5001", undefined],
  ["an escaped dollar", "GET", "/autohost/%24", "GET /autohost/%24", "127.0.0.1:5001", undefined],
  [
    "delimiters in the path",
    "GET",
    "/autohost/a:b@c;d=e,f",
    "GET /autohost/a:b@c;d=e,f",
    "127.0.0.1:5001",
    undefined,
  ],
  [
    "an escaped path and query",
    "GET",
    "/autohost/%C3%BC%20x?q=%26",
    "GET /autohost/%C3%BC%20x?q=%26",
    "127.0.0.1:5001",
    undefined,
  ],
  ["the path of the target is kept", "GET", "/deep/x", "GET /a/x", "127.0.0.1:5001", undefined],
  ["the longest prefix wins", "GET", "/deep/er/x", "GET /b/deep/er/x", "127.0.0.1:5001", undefined],
  [
    "the method is forwarded",
    "DELETE",
    "/autohost/x",
    "DELETE /autohost/x",
    "127.0.0.1:5001",
    undefined,
  ],
];
for (const [why, method, path, line, host, special] of rows) {
  test(`Werkzeug: ${why}: ${path}`, async () => {
    const request = received({ host: "localhost" }, { method, url: `http://localhost${path}` });
    const response = await app(request);
    assert.equal(await response.text(), "upstream");
    assert.equal(response.headers.get("content-length"), "8");
    const { last } = transport;
    assert.equal(last.url.origin, url);
    assert.equal(`${last.method} ${last.url.pathname}${last.url.search}`, line);
    assert.equal(last.host, host);
    assert.equal(new Map(last.fields).get("x-special"), special);
  });
}

test("Werkzeug: paths without a prefix go to the app", async () => {
  for (const path of ["/", "/fo", "/food", "/x/foo/"]) {
    const response = await app(new Request(`http://localhost${path}`));
    assert.equal(await response.text(), "ROOT");
  }
});

test("Werkzeug: hop-by-hop fields are removed, content keeps its type and length", async () => {
  const content = { "content-type": "text/plain", "content-length": "7" };
  const connection = { connection: "close", te: "trailers", upgrade: "x", "keep-alive": "1" };
  const request = received({ ...content, ...connection }, {
    method: "POST",
    url: "http://localhost/autohost/",
    body: "content",
  });
  await app(request);
  assert.deepEqual(Object.fromEntries(transport.last.fields), content);
  assert.equal(await new Response(transport.last.body).text(), "content");
});

test("Werkzeug: an unreachable upstream is 502", async () => {
  const gone = new FakeTransport(() => Promise.reject(new Error("gone")));
  const app = proxy({ "/": url }, { transport: gone, onError: () => {} })(() => new Response());
  assert.equal((await app(new Request("http://localhost/"))).status, 502);
});
