import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { networks } from "../../src/http/ip.ts";
import { clientBehind, forwardedElement, isForwarding } from "../../src/http/forwarded.ts";
import { appendVia, hasPassed, isPseudonym } from "../../src/http/via.ts";

test("an element of Forwarded quotes what is no token", () => {
  const host = "a.example";
  for (
    const [element, expected] of [
      [{ for: "192.0.2.1", host, proto: "http" }, "for=192.0.2.1;host=a.example;proto=http"],
      [
        { for: "2001:db8::1", by: "_gate", host: "a.example:81", proto: "https" },
        'for="[2001:db8::1]";by=_gate;host="a.example:81";proto=https',
      ],
      [{ for: undefined, host, proto: "http" }, "for=unknown;host=a.example;proto=http"],
      [{ for: "::1", host: 'a"b\\c', proto: "http" }, 'for="[::1]";host="a\\"b\\\\c";proto=http'],
    ] as const
  ) {
    assert.equal(forwardedElement(element), expected);
  }
});

test("the client is the first that no proxy to trust wrote", () => {
  const isTrusted = networks("n", ["10.0.0.0/8", "::1"]);
  // [peer, X-Forwarded-For, client]
  for (
    const [peer, forwardedFor, client] of [
      ["10.0.0.1", "1.2.3.4", "1.2.3.4"],
      ["10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"],
      ["10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"],
      ["10.0.0.1", "", "10.0.0.1"],
      ["10.0.0.1", "1.2.3.4, garbage", "10.0.0.1"],
      ["10.0.0.1", "1.2.3.4,, 10.0.0.2", "10.0.0.2"],
      ["8.8.8.8", "1.2.3.4", "8.8.8.8"],
      ["::1", "2001:db8::1", "2001:db8::1"],
    ] as const
  ) {
    assert.equal(clientBehind(peer, forwardedFor, isTrusted), client);
  }
});

test("fields by which a client could pose as a proxy are known", () => {
  for (
    const name of [
      "forwarded",
      "x-forwarded-for",
      "x-forwarded-anything",
      "x-real-ip",
      "true-client-ip",
      "cf-connecting-ip",
      "x-original-url",
      "x-rewrite-url",
      "x-http-method-override",
    ]
  ) assert.ok(isForwarding(name), name);
  for (const name of ["host", "via", "x-request-id", "xforwardedfor", "__proto__", "constructor"]) {
    assert.ok(!isForwarding(name), name);
  }
});

test("Via is appended to, and a proxy knows itself in it", () => {
  assert.equal(appendVia(null, "gate"), "1.1 gate");
  assert.equal(
    appendVia("1.0 fred, 1.1 p.example:80 (a)", "gate"),
    "1.0 fred, 1.1 p.example:80 (a), 1.1 gate",
  );
  for (
    const [via, passed] of [
      ["1.1 gate", true],
      ["1.0 fred, HTTP/1.1 GATE (comment)", true],
      ["1.1\tgate", true],
      ["1.1  gate", true],
      ["1.1 gateway", false],
      ["1.1 fred (gate)", false],
      ["gate", false],
      ["", false],
      [",,1.1", false],
    ] as const
  ) assert.equal(hasPassed(via, "gate"), passed, via);
  assert.ok(isPseudonym("gate-1.example"));
  for (const name of ["", "a b", "a,b", "gate:80", "grüße"]) assert.ok(!isPseudonym(name), name);
});

test("whatever came before, a proxy knows itself in the Via that it wrote", () => {
  const before = fc.array(fc.constantFrom("1.1", " ", ",", "(", ")", "fred", "\t", '"')).map((p) =>
    p.join("")
  );
  fc.assert(fc.property(before, (via) => assert.ok(hasPassed(appendVia(via, "gate"), "gate"))));
});
