/** References in responses, rewritten for the client. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dispatch, type Field, notFound, proxy, type TargetOptions } from "handwerk";
import { type Places, toClient } from "../../src/proxy/rewrite.ts";
import { FakeTransport, ok } from "../support/fake_transport.ts";
import { received } from "../support/proxying.ts";

const answered = async (
  fields: readonly Field[],
  target: Partial<TargetOptions> = {},
  prefix = "/app",
): Promise<Headers> => {
  const transport = new FakeTransport(() => ({ ...ok(), status: 201, fields }));
  const options = { target: "http://up:5001/base/", removePrefix: true, ...target };
  const app = proxy({ [prefix]: options }, { transport, via: false })(notFound);
  const request = received({ host: "front.example" }, { url: `http://front.example${prefix}/x` });
  return (await app(request)).headers;
};

const places: Places = {
  origins: ["http://up:5001", "https://up:5001"],
  base: "/base",
  prefix: "/app",
  host: "front.example",
};
// [reference of the upstream, reference for the client]
const references: readonly (readonly [string, string])[] = [
  ["http://up:5001/base/x?a=%2F#f", "/app/x?a=%2F#f"],
  ["HTTP://UP:5001/base/x", "/app/x"],
  ["https://up:5001/base/x", "/app/x"],
  ["//up:5001/base/x", "/app/x"],
  ["http://up:5001/base", "/app"],
  ["http://up:5001/base?q", "/app?q"],
  ["/base/x", "/app/x"],
  ["/base/", "/app/"],
  ["/base", "/app"],
  ["/base#f", "/app#f"],
  // Elsewhere
  ["http://up/base/x", "http://up/base/x"],
  ["http://up:5002/base/x", "http://up:5002/base/x"],
  ["http://elsewhere/base/x", "http://elsewhere/base/x"],
  ["http://up:5001.evil.com/base/x", "http://up:5001.evil.com/base/x"],
  ["http://up:5001@evil.com/base/x", "http://up:5001@evil.com/base/x"],
  ["http://u:p@up:5001/base/x", "http://u:p@up:5001/base/x"],
  ["ftp://up:5001/base/x", "ftp://up:5001/base/x"],
  ["//evil.com/base/x", "//evil.com/base/x"],
  ["///up:5001/base/x", "///up:5001/base/x"],
  ["mailto:a@up", "mailto:a@up"],
  ["javascript:alert(1)", "javascript:alert(1)"],
  // Outside of the target
  ["http://up:5001/other", "http://up:5001/other"],
  ["/basement", "/basement"],
  ["/", "/"],
  // Relative references
  ["x", "x"],
  ["../x", "../x"],
  ["?q", "?q"],
  ["#f", "#f"],
  ["", ""],
  // From an application that reads X-Forwarded-Prefix
  ["/app/x", "/app/x"],
  ["http://up:5001/app/x", "/app/x"],
  // Invalid or ambiguous references
  ["http://[bad", "http://[bad"],
  ["http://", "http://"],
  ["/base\\evil", "/base\\evil"],
  ["/\\evil.com", "/\\evil.com"],
  ["/\t/evil.com", "/\t/evil.com"],
  ["/base/%0d%0aSet-Cookie:%20a=1", "/app/%0d%0aSet-Cookie:%20a=1"],
  ["/base/$&$1", "/app/$&$1"],
  ["/base//evil.com", "/app//evil.com"],
];
for (const [reference, expected] of references) {
  test(`the reference ${JSON.stringify(reference)}`, () => {
    assert.equal(toClient(reference, places), expected);
  });
}

test("a path never becomes an authority", () => {
  const top = { ...places, base: "", prefix: "" };
  for (
    const [reference, expected] of [
      ["http://up:5001//evil.com/x", "/.//evil.com/x"],
      ["http://up:5001/", "/"],
      ["http://up:5001", "/"],
      ["http://up:5001?q", "/?q"],
      ["//evil.com/x", "//evil.com/x"],
      ["http://up:5001/\t/evil.com", "http://up:5001/\t/evil.com"],
      ["http://up:5001/\\evil.com", "http://up:5001/\\evil.com"],
    ] as const
  ) assert.equal(toClient(reference, top), expected);
  assert.equal(toClient("/base//evil.com", { ...places, prefix: "" }), "/.//evil.com");
});

test("only references to the target are rewritten", () => {
  const part = fc.constantFrom(
    "http:",
    "//",
    "/",
    "up:5001",
    "base",
    "app",
    "evil.com",
    "@",
    "?",
    "#",
    "..",
    "\\",
    "%2f",
    ":",
    "x",
  );
  const reference = fc.array(part, { maxLength: 7 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      reference,
      fc.constantFrom("", "/app"),
      fc.constantFrom("", "/base"),
      (reference, prefix, base) => {
        const mapped = toClient(reference, { ...places, base, prefix });
        if (mapped === reference) return;
        const before = URL.parse(reference, "http://up:5001/");
        const after = URL.parse(mapped, "http://front.example/");
        assert.equal(before?.host, "up:5001");
        assert.equal(after?.host, "front.example");
        assert.ok(!mapped.startsWith("//"), mapped);
      },
    ),
    { numRuns: 1000 },
  );
});

test("rewriteLocation: Location, Content-Location, Refresh and Link", async () => {
  const headers = await answered([
    ["Location", "http://up:5001/base/x"],
    ["Content-Location", "/base/y"],
    ["Refresh", "5; url=http://up:5001/base/z"],
    ["Link", "</base/style.css>; rel=preload, <http://elsewhere/>; rel=next"],
    ["X-Url", "http://up:5001/base/x"],
  ]);
  assert.deepEqual(Object.fromEntries(headers), {
    "location": "/app/x",
    "content-location": "/app/y",
    "refresh": "5; url=/app/z",
    "link": "</app/style.css>; rel=preload, <http://elsewhere/>; rel=next",
    "x-url": "http://up:5001/base/x",
  });
});

test("rewriteLocation: false changes nothing", async () => {
  const fields = [["location", "http://up:5001/base/x"], [
    "set-cookie",
    "a=1; Path=/base",
  ]] as const;
  assert.deepEqual([...await answered(fields, { rewriteLocation: false })], fields);
});

// [prefix, target, Set-Cookie of the upstream, Set-Cookie for the client]
const cookies: readonly (readonly [string, string, string, string])[] = [
  ["/app", "http://up.example/base/", "a=1; Path=/base", "a=1; Path=/app"],
  ["/app", "http://up.example/base/", "a=1; Path=/base/x", "a=1; Path=/app/x"],
  ["/app", "http://up.example/base/", "a=1; Path=/", "a=1; Path=/app"],
  ["/app", "http://up.example/", "a=1; Path=/", "a=1; Path=/app"],
  ["/app", "http://up.example/", "a=1; Path=/x", "a=1; Path=/app/x"],
  ["/app", "http://up.example/", "a=1; Path=/app/x", "a=1; Path=/app/x"],
  ["/app", "http://up.example/base", "a=1; Path=/other", "a=1; Path=/other"],
  ["/app", "http://up.example/", "a=1; Path=x", "a=1; Path=x"],
  ["/", "http://up.example/base", "a=1; Path=/base", "a=1; Path=/"],
  ["/", "http://up.example/", "a=1; Path=/x; Domain=up.example", "a=1; Path=/x"],
  ["/", "http://app.up.example/", "a=1; Domain=.Up.Example; Secure", "a=1; Secure"],
  ["/", "http://up.example/", "a=1; Domain=example", "a=1; Domain=example"],
  ["/", "http://up.example/", "a=1; Domain=front.example", "a=1; Domain=front.example"],
  ["/", "http://up.example/", "a=1; Domain=other.example", "a=1; Domain=other.example"],
];
for (const [prefix, target, set, expected] of cookies) {
  test(`the cookie ${set} of ${target} at ${prefix}`, async () => {
    const headers = await answered(
      [["set-cookie", set], ["set-cookie", "b=2"]],
      { target },
      prefix,
    );
    assert.deepEqual(headers.getSetCookie(), [expected, "b=2"]);
  });
}

test("host: null: references to the client's host are rewritten", async () => {
  const headers = await answered([["location", "http://front.example/base/x"]], { host: null });
  assert.equal(headers.get("location"), "/app/x");
  const rewritten = await answered([["location", "http://front.example/base/x"]]);
  assert.equal(rewritten.get("location"), "http://front.example/base/x");
});

test("references with the scheme of X-Forwarded-Proto are rewritten", async () => {
  const fields = [["location", "https://up/x"]] as const;
  for (const [peer, expected] of [["10.0.0.1", "/x"], ["192.0.2.1", "https://up/x"]] as const) {
    const transport = new FakeTransport(() => ({ ...ok(), fields }));
    const options = { transport, trustedProxies: ["10.0.0.1"], clientAddress: () => peer };
    const app = proxy({ "/": "http://up" }, options)(notFound);
    const { headers } = await app(received({ "x-forwarded-proto": "https" }));
    assert.equal(headers.get("location"), expected);
  }
});

test("without removePrefix, the path stays", async () => {
  const target = { target: "http://up:5001", removePrefix: false };
  const headers = await answered([["location", "http://up:5001/login"]], target);
  assert.equal(headers.get("location"), "/login");
});

test("below a mount, references get the mount", async () => {
  const fields = [["location", "/x"], ["set-cookie", "a=1; Path=/"]] as const;
  const transport = new FakeTransport(() => ({ ...ok(), fields }));
  const app = dispatch({ "/site": proxy({ "/": "http://up" }, { transport })(notFound) })(notFound);
  const { headers } = await app(new Request("http://front/site/y"));
  assert.equal(headers.get("location"), "/site/x");
  assert.deepEqual(headers.getSetCookie(), ["a=1; Path=/site"]);
});
