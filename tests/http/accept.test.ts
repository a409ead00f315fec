import assert from "node:assert/strict";
import { test } from "node:test";
import { negotiateMedia } from "../../src/http/accept.ts";

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
  ["text/html;level=1;q=0.3, */*;q=0.1", "text/html"],
];
for (const [field, expected] of rows) {
  test(`Accept: ${field} is answered with ${expected}`, () => {
    assert.equal(negotiateMedia(field, types), expected);
  });
}
