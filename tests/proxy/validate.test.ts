/** Requests that the proxy refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, notFound, proxy, proxyTo } from "handwerk";
import { inspect } from "handwerk/proxy";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { received } from "../support/proxying.ts";

// [why, fields, method, status, type of error]
const refused: readonly (readonly [string, Record<string, string>, string, number, string])[] = [
  ["two lengths", { "content-length": "3, 3" }, "POST", 400, "http_request_error"],
  ["two other lengths", { "content-length": "3, 4" }, "POST", 400, "http_request_error"],
  ["a signed length", { "content-length": "+3" }, "POST", 400, "http_request_error"],
  ["a negative length", { "content-length": "-1" }, "POST", 400, "http_request_error"],
  ["a length in hexadecimal", { "content-length": "0x3" }, "POST", 400, "http_request_error"],
  ["an empty length", { "content-length": "" }, "GET", 400, "http_request_error"],
  [
    "a length and chunks",
    { "content-length": "5", "transfer-encoding": "chunked" },
    "POST",
    400,
    "http_request_error",
  ],
  [
    "compressed framing",
    { "transfer-encoding": "gzip, chunked" },
    "POST",
    501,
    "http_request_error",
  ],
  [
    "a coding that looks like another",
    { "transfer-encoding": "xchunked" },
    "POST",
    501,
    "http_request_error",
  ],
  ["two codings", { "transfer-encoding": "chunked, chunked" }, "POST", 501, "http_request_error"],
  ["an expectation", { expect: "foo" }, "POST", 417, "http_request_error"],
  ["two expectations", { expect: "100-continue, foo" }, "POST", 417, "http_request_error"],
  ["no hop left", { "max-forwards": "0" }, "OPTIONS", 204, "proxy_internal_response"],
  ["a loop", { via: "1.1 gate" }, "GET", 502, "proxy_loop_detected"],
  ["a tunnel", {}, "CONNECT", 405, "http_request_error"],
  ["a trace", { cookie: "secret" }, "TRACE", 405, "http_request_error"],
  ["a method that fetch would change", {}, "FOO", 501, "http_request_error"],
  ["a method in lower case", {}, "patch", 501, "http_request_error"],
  ["a method with a space", {}, "foo bar", 501, "http_request_error"],
];
for (const [why, fields, method, status, type] of refused) {
  test(`${why}: ${status}`, async () => {
    const transport = new FakeTransport(ok, []);
    const request = received(fields, { method, url: "http://front/admin" });
    const response = await proxyTo("http://up", { transport, via: "gate" })(request);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("proxy-status"), `gate; error=${type}`);
    assert.equal(transport.sent.length, 0);
    assert.doesNotMatch(await response.text(), /secret|up|foo|gate\b/i);
    const allows = status === 405 || status === 204;
    assert.equal(response.headers.get("allow")?.startsWith("GET, HEAD, "), allows || undefined);
  });
}

test("an invalid URL is 400 with Proxy-Status where only the proxy can get it", async () => {
  const transport = new FakeTransport();
  const leaf = proxyTo("http://up", { transport, via: "gate" });
  for (const url of ["http://front/%zz", "http://front/a/../b", "http://a b/"]) {
    const response = await leaf(received({}, { url }));
    assert.equal(response.status, 400);
    assert.equal(response.headers.get("proxy-status"), "gate; error=http_request_error");
    const looked = await inspect("http://up", { via: "gate" })(received({}, { url }));
    assert.ok(looked instanceof Response && looked.headers.has("proxy-status"));
    // It could have been for the wrapped handler.
    for (const app of [dispatch({ "/": leaf }), proxy({ "/": "http://up" }, { transport })]) {
      const unmatched = await app(notFound)(received({}, { url }));
      assert.deepEqual([unmatched.status, unmatched.headers.get("proxy-status")], [400, null]);
    }
  }
  const unsigned = await proxyTo("http://up", { transport, via: false })(
    received({}, { url: "http://front/%zz" }),
  );
  assert.equal(unsigned.headers.get("proxy-status"), "handwerk; error=http_request_error");
  assert.equal(transport.sent.length, 0);
});

test("valid requests are forwarded", async () => {
  const transport = new FakeTransport(ok, ["anyMethod"]);
  const app = proxyTo("http://up", { transport, via: "gate" });
  for (
    const [fields, method] of [
      [{ "content-length": "3" }, "POST"],
      [{ "transfer-encoding": "Chunked" }, "POST"],
      [{ expect: "100-Continue" }, "POST"],
      [{ "max-forwards": "0" }, "GET"],
      [{}, "FOO"],
    ] as const
  ) {
    assert.equal((await app(received(fields, { method }))).status, 200);
    assert.equal(transport.last.method, method);
    assert.ok(!transport.last.fields.some(([name]) => name === "expect"));
  }
});
