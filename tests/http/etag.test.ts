import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseEntityTags, stronglyEqual, weaklyEqual } from "../../src/http/etag.ts";

const lists: readonly (readonly [string, readonly string[] | "*"])[] = [
  ['"a"', ['"a"']],
  ['"a", W/"b"', ['"a"', 'W/"b"']],
  [' ,, "a" ,\t"b", ', ['"a"', '"b"']],
  ['"a,b","c"', ['"a,b"', '"c"']],
  ['""', ['""']],
  ["*", "*"],
  [" * ", "*"],
  ["a", []],
  ['w/"a"', []],
  ['"a', []],
  ['"a", b, "c"', ['"a"']],
  ["", []],
];
for (const [value, tags] of lists) {
  test(`parseEntityTags reads ${JSON.stringify(value)}`, () => {
    assert.deepEqual(parseEntityTags(value), tags);
  });
}

// RFC 9110 §8.8.3.2, the table of comparisons.
const compared: readonly (readonly [string, string, boolean, boolean])[] = [
  ['W/"1"', 'W/"1"', false, true],
  ['W/"1"', 'W/"2"', false, false],
  ['W/"1"', '"1"', false, true],
  ['"1"', '"1"', true, true],
];
for (const [one, other, strong, weak] of compared) {
  test(`${one} and ${other} are ${strong ? "" : "not "}strongly, ${weak ? "" : "not "}weakly equal`, () => {
    assert.equal(stronglyEqual(one, other), strong);
    assert.equal(weaklyEqual(one, other), weak);
  });
}

test("any list of tags is read back", () => {
  const tag = fc.stringMatching(/^(W\/)?"[!#-~]{0,8}"$/);
  fc.assert(fc.property(fc.array(tag, { minLength: 1 }), (tags) => {
    assert.deepEqual(parseEntityTags(tags.join(" , ")), tags);
  }));
});

test("parseEntityTags takes linear time", () => {
  for (const unit of [" ", ",", '"', '"a', 'W/"a",', "W/"]) parseEntityTags(unit.repeat(200_000));
});
