import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalPath } from "../../src/http/path.ts";
import { safeSegments } from "../../src/http/safe_path.ts";

const segments: readonly (readonly [string, readonly string[] | undefined])[] = [
  ["", []],
  ["/a/b.txt", ["a", "b.txt"]],
  ["/gr%C3%BC%C3%9Fe", ["grüße"]],
  ["/a%23b%25c%2B+", ["a#b%c++"]],
  ["/%252e%252e", ["%2e%2e"]],
  ["/...", undefined],
  ["/", undefined],
  ["//a", undefined],
  ["/a/", undefined],
  ["/.", undefined],
  ["/..", undefined],
  ["/a%2Fb", undefined],
  ["/a%5Cb", undefined],
  ["/%00", undefined],
  ["/a%0A", undefined],
  ["/%FF", undefined],
  ["/%C0%AE", undefined],
  ["/C:", undefined],
  ["/a.txt::$DATA", undefined],
  ["/CON", undefined],
  ["/con.txt", undefined],
  ["/nul", undefined],
  ["/COM1%20", undefined],
  ["/com%C2%B9.log", undefined],
  ["/LPT9.tar.gz", undefined],
  ["/CONOUT$", undefined],
  ["/a.", undefined],
  ["/a%20", undefined],
  ["/SECRET~1.KEY", undefined],
  ["/secret~2", undefined],
  ["/PROGRA~1", undefined],
  ["/backup~", ["backup~"]],
  ["/longer-name~1.key", ["longer-name~1.key"]],
  ["/a~1.html", ["a~1.html"]],
  ["/console", ["console"]],
  ["/com10", ["com10"]],
  [`/${"a".repeat(256)}`, undefined],
];
for (const [path, expected] of segments) {
  test(`safeSegments of ${path.slice(0, 40)} is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(safeSegments(path), expected);
  });
}

test("no request path makes a segment that leaves its directory", () => {
  const part = fc.constantFrom(
    "/",
    ".",
    "%2e",
    "%2F",
    "%5c",
    "\\",
    "%25",
    "2e",
    "a",
    ":",
    "%00",
    "é",
  );
  fc.assert(fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
    const canonical = canonicalPath(`/${parts.join("")}`);
    for (const name of canonical === undefined ? [] : safeSegments(canonical) ?? []) {
      assert.doesNotMatch(name, /[/\\:\0]|^\.{0,2}$/);
    }
  }));
});

test("names with a colon are segments only where that is asked for", () => {
  for (const path of ["/a:b", "/a%3Ab/c", "/c:"]) {
    assert.equal(safeSegments(path), undefined);
    assert.deepEqual(safeSegments(path, true)?.join("/"), decodeURIComponent(path.slice(1)));
  }
  for (const path of ["/a:%5Cb", "/a:/..", "/a:%00", "/a:."]) {
    assert.equal(safeSegments(path, true), undefined, path);
  }
});
