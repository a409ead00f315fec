/** Attacks that proxies have seen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch, type Handler, notFound, proxy, proxyTo } from "handwerk";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { passedBack, quiet, received, sent } from "../support/proxying.ts";

// [URL from the host, URL at the target http://up:5001/hi or 400]
const urls: readonly (readonly [string, string | 400])[] = [
  ["http://front//10.0.0.1/x", "/hi//10.0.0.1/x"],
  ["http://front/@evil.com/x", "/hi/@evil.com/x"],
  ["http://front/http://evil.com/", "/hi/http://evil.com/"],
  ["http://front/x?//evil.com/#@evil", "/hi/x?//evil.com/"],
  ["http://front/x%3F@evil%23", "/hi/x%3F@evil%23"],
  ["http://evil:99/x", "/hi/x"],
  ["http://front/.../x", "/hi/.../x"],
  ["http://front/x..", "/hi/x.."],
  ["http://front/..x", "/hi/..x"],
  ["http://front/%252e%252e%252f", "/hi/%252e%252e%252f"],
  ["http://front/a;..b", "/hi/a;..b"],
  ["http://front/\\10.0.0.1/", 400],
  ["http://front/\t/evil", 400],
  ["http://front/ho/%2E%2E/hi", 400],
  ["http://front/../x", 400],
  ["http://front/%2e%2e%2f", 400],
  ["http://front/x/..%2Fadmin", 400],
  ["http://front/x%2f..", 400],
  ["http://front/..%5cadmin", 400],
  ["http://front/..;/admin", 400],
  ["http://front/x/..;a=b/admin", 400],
  ...["%00", "%09", "%0d%0a", "%1F", "%7f", "%20", "%23", "%3F", "%3b"].flatMap((after) => [
    [`http://front/x/..${after}/admin`, 400] as const,
    [`http://front/x%2F%2e.${after}`, 400] as const,
  ]),
  ["http://front/..%3B/admin", 400],
  ["http://front/x/%c0%ae%c0%ae/admin", 400],
  ["http://front/x/.%E0%80%AE%2Fadmin", 400],
  ["http://front/x%c0%af..%c0%afadmin", 400],
  ["http://front/%C0%20propos", "/hi/%C0%20propos"],
  ["http://good/evil@", "/hi/evil@"],
  ["http://u:p@evil/p", 400],
  ["http://front:99999/", 400],
  ["http://_invalid /x", 400],
  ["ftp://front/x", 400],
  ["https:evil:443", 400],
  ["evil:443", 400],
  ["/p", 400],
  ["http://front*", 400],
];
for (const [url, expected] of urls) {
  test(`no URL leaves the target: ${JSON.stringify(url)}`, async () => {
    const transport = new FakeTransport();
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    const app = proxyTo("http://up:5001/hi", { transport, onError });
    const { status } = await app(received({}, { url }));
    assert.deepEqual(errors, [], "that is no error of the upstream");
    if (expected === 400) {
      assert.equal(status, 400);
      assert.equal(transport.sent.length, 0);
    } else {
      assert.equal(transport.last.url.href, `http://up:5001${expected}`);
      assert.equal(transport.last.host, "up:5001");
    }
  });
}

test("an invalid Host is 400", async () => {
  for (const host of ["good/evil", "u:p@evil", "a, b", "x?y", "x#y", "", "[::1", "a b"]) {
    const app = proxyTo({ target: "http://up", host: null }, { transport: new FakeTransport() });
    assert.equal((await app(received({ host }))).status, 400, host);
  }
});

test("the client's Host changes neither the destination nor the certificate name", async () => {
  const request = received({ host: "evil.example" }, { url: "https://evil.example/x" });
  const outgoing = await sent(request, {}, { target: "https://up", host: null });
  assert.equal(outgoing.url.hostname, "up");
  assert.equal(outgoing.host, "evil.example");
});

test("a prefix matches whole segments of the path, and not the Host", async () => {
  const transport = new FakeTransport();
  const app = proxy({ "/api": "http://up" }, { transport })(notFound);
  for (const path of ["/apix", "/x/api", "/api%2Fx", "/API", "//api", "/%2Fapi"]) {
    await app(received({ host: "front" }, { url: `http://front${path}` }));
  }
  assert.equal(transport.sent.length, 0);
  await app(received({}, { url: "http://front/%61pi/x" }));
  assert.equal(transport.sent.length, 1);
});

test("content is forwarded byte for byte, whatever its type", async () => {
  const body = '--b\r\nContent-Disposition: form-data; name="a\r\nx: y"\r\n\r\n{}\r\n--b--\r\n';
  for (const type of ["multipart/form-data; boundary=b", "application/json ;charset"]) {
    const request = received({ "content-type": type }, { method: "POST", body });
    const outgoing = await sent(request);
    assert.equal(await new Response(outgoing.body).text(), body);
    assert.equal(new Map(outgoing.fields).get("content-type"), type);
  }
});

test("fields named like members of Object.prototype are ordinary fields", async () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const fields = new Map(
      (await sent(received({ [name]: "x", connection: "close" }), quiet)).fields,
    );
    assert.equal(fields.get(name.toLowerCase()), "x");
    const response = await passedBack({ fields: [[name, "x"]] });
    assert.equal(response.headers.get(name), "x");
  }
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
});

test("a response to an error reveals nothing of the inside", async () => {
  const secret = "connect ECONNREFUSED 10.1.2.3:5432 /etc/secret";
  const app = proxyTo("http://internal.example:5432/base", {
    transport: new FakeTransport(() => Promise.reject(new Error(secret))),
    via: "gate",
    onError: () => {},
  });
  const response = await app(received({ cookie: "c", authorization: "a" }));
  const all = JSON.stringify([await response.text(), ...response.headers]);
  assert.doesNotMatch(all, /10\.1|5432|internal|secret|base/);
  assert.equal(response.headers.get("proxy-status"), "gate; error=connection_refused");
});

test("a hostile upstream causes a valid response or 502", async () => {
  const many = Array.from({ length: 2000 }, (_, i) => ["set-cookie", `c${i}=1; Path=/`] as const);
  const flood = await passedBack({ fields: many });
  assert.equal(flood.headers.getSetCookie().length, 2000);
  for (const location of ["http://[bad", "", "http://up:5001/\u00ff", "http://up:5001:80/"]) {
    const response = await passedBack({ status: 302, fields: [["location", location]] });
    assert.equal(response.status, 302);
  }
  assert.equal((await passedBack({ status: 302 })).headers.get("location"), null);
  for (const status of [204, 205, 304]) {
    const response = await passedBack({ status, fields: [["content-length", "8"]] });
    assert.equal(await response.text(), "");
  }
});

test("no response splitting: rewriting does not decode escapes", async () => {
  const transport = new FakeTransport(() => ({
    ...ok(),
    fields: [
      ["location", "http://up/%0d%0aSet-Cookie:%20a=1"],
      ["refresh", "0; url=/%0d%0a"],
      ["set-cookie", "a=%0d%0a; Path=/%0d%0a"],
    ],
  }));
  const app = proxy({ "/p": { target: "http://up", removePrefix: true } }, { transport, ...quiet })(
    notFound,
  );
  const { headers } = await app(received({}, { url: "http://front/p/" }));
  assert.deepEqual(Object.fromEntries(headers), {
    "location": "/p/%0d%0aSet-Cookie:%20a=1",
    "refresh": "0; url=/p/%0d%0a",
    "set-cookie": "a=%0d%0a; Path=/p/%0d%0a",
  });
});

test("a proxy that forwards to itself responds with 502", async () => {
  let depth = 0;
  const app: Handler = dispatch({
    "/loop": proxyTo((request) => {
      depth++;
      return app(new Request(new URL("/loop/x", request.url), request));
    }, { via: "gate", onError: () => {} }),
  })(notFound);
  const response = await app(new Request("http://front/loop/x"));
  assert.equal(response.status, 502);
  assert.equal(depth, 1);
});

test("Proxy-Authorization and its counterparts are not forwarded in either direction", async () => {
  const { fields } = await sent(received({ "proxy-authorization": "Basic x" }), quiet);
  assert.deepEqual(fields, []);
  const response = await passedBack({
    fields: [["proxy-authenticate", "Basic"], ["proxy-authentication-info", "x"]],
  });
  assert.deepEqual([...response.headers], []);
});
