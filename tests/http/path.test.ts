import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalPath, configuredPath } from "../../src/http/path.ts";

const canonical: readonly (readonly [string, string | undefined])[] = [
  ["/", "/"],
  ["/a/b", "/a/b"],
  ["/a/", "/a/"],
  ["//a", "//a"],
  ["/%61dmin", "/admin"],
  ["/%7euser", "/~user"],
  ["/a%2fb", "/a%2Fb"],
  ["/a%5cb", "/a%5Cb"],
  ["/a%252fb", "/a%252fb"],
  ["/gr%c3%bc%c3%9fe", "/gr%C3%BC%C3%9Fe"],
  ["/grüße", "/gr%C3%BC%C3%9Fe"],
  ["/😀", "/%F0%9F%98%80"],
  ["/a|b", "/a%7Cb"],
  ["/\u017f", "/%C5%BF"], // the long s, which is an "s" to a case-insensitive regular expression
  ["/\u212a", "/%E2%84%AA"], // the Kelvin sign, likewise a "k"
  ["/%ff", "/%FF"],
  ["/a;v=1,2@x:y", "/a;v=1,2@x:y"],
  ["/.well-known/x", "/.well-known/x"],
  ["/...", "/..."],
  ["", undefined],
  ["a", undefined],
  ["/%", undefined],
  ["/%4", undefined],
  ["/%zz", undefined],
  ["/a%2", undefined],
  ["/.", undefined],
  ["/..", undefined],
  ["/a/../b", undefined],
  ["/a/./b", undefined],
  ["/a/%2e%2E/b", undefined],
  ["/a/.%2e", undefined],
  ["/\\evil.com", undefined],
  ["/a b", undefined],
  ["/a\0b", undefined],
  ["/a\r\nb", undefined],
  ["/\ud800", undefined],
];
for (const [path, expected] of canonical) {
  test(`canonicalPath of ${JSON.stringify(path)} is ${JSON.stringify(expected)}`, () => {
    assert.equal(canonicalPath(path), expected);
  });
}

const anyPath = fc.array(
  fc.oneof(
    fc.constantFrom(
      "/",
      "..",
      ".",
      "%2e",
      "%2F",
      "%5c",
      "%25",
      "%",
      "\\",
      "a",
      "%61",
      "ü",
      "|",
      "\u017f",
      "\u212a",
    ),
    fc.string({ unit: "binary", maxLength: 3 }),
  ),
  { maxLength: 12 },
).map((parts) => `/${parts.join("")}`);

test("canonicalPath is idempotent", () => {
  fc.assert(fc.property(anyPath, (path) => {
    const once = canonicalPath(path);
    if (once !== undefined) assert.equal(canonicalPath(once), once);
  }));
});

test("canonicalPath keeps the number of segments, and what is not escaped", () => {
  fc.assert(fc.property(anyPath, (path) => {
    const once = canonicalPath(path);
    if (once === undefined) return;
    assert.equal(once.split("/").length, path.split("/").length);
    assert.doesNotMatch(once, /[^\x21-\x7e]/);
  }));
});

test("what canonicalPath accepts is what new URL makes of it, but for needless escapes", () => {
  fc.assert(fc.property(anyPath, (path) => {
    const once = canonicalPath(path);
    if (once === undefined || /[?#]/.test(path)) return;
    const { pathname, host } = new URL(`http://host${path}`);
    assert.equal(host, "host");
    assert.equal(canonicalPath(pathname), once);
  }));
});

test("canonicalPath takes linear time", () => {
  const size = 200_000;
  for (const unit of ["%61", "%", "/.", "/..", "/%2e", "ü", "\\"]) {
    canonicalPath(`/${unit.repeat(size)}`);
  }
});

for (
  const bad of [
    "a",
    "a/",
    "/a?b",
    "/a#b",
    "/a/../b",
    "/.",
    "/a//b",
    "/a//",
    "/a%2Fb",
    "/a%5cb",
    "/%",
    "/100%",
    "/a\tb",
    "/\\a",
    "/\ud800",
  ]
) {
  test(`configuredPath refuses ${JSON.stringify(bad)} and names the option`, () => {
    assert.throws(() => configuredPath("the option", bad), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.ok(error.message.startsWith(`the option ${JSON.stringify(bad)} must`), error.message);
      return true;
    });
  });
}

test("configuredPath trims one slash and makes the canonical form", () => {
  assert.equal(configuredPath("o", ""), "");
  assert.equal(configuredPath("o", "/"), "");
  assert.equal(configuredPath("o", "/a/"), "/a");
  assert.equal(configuredPath("o", "/grüße"), "/gr%C3%BC%C3%9Fe");
});

test("configuredPath reads a path as a browser would send it", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((name) =>
    !/[\p{Cc}/\\?#%*]|^[:{[]|^\.{1,2}$|^ | $/u.test(name)
  );
  fc.assert(fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), (names) => {
    const path = `/${names.join("/")}`;
    const { pathname } = new URL(`http://host${path}`);
    assert.equal(configuredPath("o", path), canonicalPath(pathname));
  }));
  assert.equal(configuredPath("o", "/my files"), "/my%20files");
  assert.equal(configuredPath("o", "/my%20files"), "/my%20files");
  assert.equal(configuredPath("o", "/a:b/(c)@d;e=f,g/h+i"), "/a:b/(c)@d;e=f,g/h+i");
});

const patterns = [
  ["/api/*", "/api"],
  ["/api/**", "/api"],
  ["/api*", "/"],
  ["/*", "/"],
  ["/users/:id", "/users"],
  ["/users/:id/posts", "/users"],
  ["/users/{id}", "/users"],
  ["/docs/[...slug]", "/docs"],
  ["/docs/[slug]/x", "/docs"],
  ["/a/*.css", "/a"],
];
for (const [pattern = "", prefix] of patterns) {
  test(`configuredPath refuses the pattern ${pattern}, and tells to write ${prefix}`, () => {
    const message = `o ${JSON.stringify(pattern)} is a pattern; write ${JSON.stringify(prefix)}, ` +
      "which takes all that is below it";
    assert.throws(() => configuredPath("o", pattern), { name: "TypeError", message });
  });
}
