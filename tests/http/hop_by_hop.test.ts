import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { endToEnd } from "../../src/http/hop_by_hop.ts";
import type { Field } from "../../src/http/fields.ts";

// [why, fields, names that go on]
const cases: readonly (readonly [string, readonly Field[], readonly string[]])[] = [
  ["fields of the connection", [
    ["Connection", "close"],
    ["Proxy-Connection", "close"],
    ["Keep-Alive", "timeout=5"],
    ["TE", "trailers"],
    ["Trailer", "x"],
    ["Transfer-Encoding", "chunked"],
    ["Upgrade", "h2c"],
    ["HTTP2-Settings", "x"],
    ["Proxy-Authorization", "x"],
    ["Proxy-Authenticate", "x"],
    ["X-Kept", "1"],
  ], ["x-kept"]],
  ["nominated fields", [["X-Hop", "1"], ["Connection", "X-Hop, close"], ["x-kept", "1"]], [
    "x-kept",
  ]],
  ["two Connection lines", [["Connection", "a"], ["connection", "B"], ["a", "1"], ["b", "1"]], []],
  ["empty members", [["Connection", ", ,x,,"], ["x", "1"], ["", "1"]], []],
  ["an empty Connection", [["Connection", ""], ["x", "1"]], ["x"]],
  ["close and keep-alive are no fields", [["Connection", "close, keep-alive"], ["close-x", "1"]], [
    "close-x",
  ]],
  ["protected nominations", [
    ["Connection", "host, content-length, authorization, cookie, x-forwarded-for, via, sec-x"],
    ["host", "h"],
    ["content-length", "1"],
    ["authorization", "a"],
    ["cookie", "c"],
    ["x-forwarded-for", "f"],
    ["via", "v"],
    ["sec-x", "s"],
  ], ["host", "content-length", "authorization", "cookie", "x-forwarded-for", "via", "sec-x"]],
  ["what a proxy in front tells", [
    ["Connection", "X-Real-IP, Remote-User, X-Auth-Request-Email, Client-Cert, Forwarded, X-Other"],
    ["X-Real-IP", "192.0.2.1"],
    ["Remote-User", "alice"],
    ["X-Auth-Request-Email", "a@example"],
    ["Client-Cert", ":AA==:"],
    ["Forwarded", "for=192.0.2.1"],
    ["X-Other", "1"],
  ], ["x-real-ip", "remote-user", "x-auth-request-email", "client-cert", "forwarded"]],
  ["names from the prototype", [["Connection", "__proto__"], ["constructor", "1"]], [
    "constructor",
  ]],
];
for (const [why, fields, names] of cases) {
  test(`endToEnd: ${why}`, () => {
    assert.deepEqual(endToEnd(fields).map(([name]) => name), names);
  });
}

test("endToEnd keeps lines, order and values of what goes on", () => {
  const fields: Field[] = [["Set-Cookie", "a=1"], ["X", " 1 "], ["set-cookie", "b=2"]];
  assert.deepEqual(endToEnd(fields), [["set-cookie", "a=1"], ["x", " 1 "], ["set-cookie", "b=2"]]);
});

test("for any Connection value, what it names and what is about the connection stays behind", () => {
  const token = fc.constantFrom("x-a", "X-B", "close", "keep-alive", "te", "cookie", "", " ", "\t");
  const lines = fc.array(fc.array(token).map((tokens) => tokens.join(",")), { maxLength: 3 });
  fc.assert(fc.property(lines, (values) => {
    const rest: Field[] = ["x-a", "x-b", "te", "keep-alive", "cookie", "x-c"].map((n) => [n, "1"]);
    const names = endToEnd([...values.map((v): Field => ["Connection", v]), ...rest])
      .map(([name]) => name);
    const named = new Set(values.flatMap((v) => v.toLowerCase().split(",").map((t) => t.trim())));
    const expected = ["x-a", "x-b", "cookie", "x-c"].filter((n) => n === "cookie" || !named.has(n));
    assert.deepEqual(names, expected);
  }));
});
