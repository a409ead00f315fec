import assert from "node:assert/strict";
import { test } from "node:test";
import { negotiateMedia, weightOfType } from "../../src/http/negotiation.ts";

const types = ["text/plain", "text/html", "application/json", "text/markdown"];
const rows: readonly (readonly [string | null, string | undefined])[] = [
  [null, "text/plain"],
  ["*/*", "text/plain"],
  ["", undefined],
  ["text/html", "text/html"],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"],
  ["application/json, text/plain, */*", "application/json"],
  ["text/*", "text/plain"],
  ["text/*;q=0.5, application/json;q=0.4", "text/plain"],
  ["TEXT/HTML; Q=0.5, application/json;q=0.6", "application/json"],
  ["text/markdown, text/html;q=0.9", "text/markdown"],
  ["text/plain;q=0, */*", "text/html"],
  ["*/*, text/html", "text/html"],
  ["image/png", undefined],
  ["text/html;q=2", undefined],
  ["text/html;level=1;q=0.3, */*;q=0.1", "text/plain"],
  ["text/html;level=1, text/html;q=0.2, application/json;q=0.5", "application/json"],
  ["text/html;q=0.4;level=1, application/json;q=0.1", "application/json"],
  ["text/html;charset=utf-8, application/json;q=0.9", "text/html"],
  ['application/json;profile="a,b;q=0", text/html;q=0.5', "text/html"],
  ["text/html;, application/json;q=0.5", "text/html"],
  ['application/json;x="open, text/html', undefined],
  [", ,text/html", "text/html"],
];
for (const [field, expected] of rows) {
  test(`Accept: ${field} is answered with ${expected}`, () => {
    assert.equal(negotiateMedia(field, types), expected);
  });
}

test("the weight of a type is that of the most specific range that holds it", () => {
  const field = "text/*;q=0.3, text/html;q=0.7, text/html;level=1, */*;q=0.5, text/x;q=0";
  const weights = ["text/html", "text/plain", "image/png", "text/x"].map((type) =>
    weightOfType(field, type)
  );
  assert.deepEqual(weights, [0.7, 0.3, 0.5, 0]);
  assert.deepEqual([weightOfType(null, "a/b"), weightOfType("", "a/b")], [1, 1]);
});

test("Accept is read in linear time", () => {
  for (const part of [",", ";", '"', '\\"', '""', "a/b;", 'a;x="', "q=", " "]) {
    negotiateMedia(part.repeat(100_000), types);
  }
});
