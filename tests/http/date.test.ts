import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatDate, parseDate } from "../../src/http/date.ts";

const now = Date.UTC(2026, 10, 24);
const dates: readonly (readonly [string, string | undefined])[] = [
  ["Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
  ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
  ["Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37.000Z"],
  ["Thursday, 01-Jan-26 00:00:00 GMT", "2026-01-01T00:00:00.000Z"],
  ["Monday, 01-Jan-77 00:00:00 GMT", "1977-01-01T00:00:00.000Z"],
  ["Wednesday, 01-Jan-76 00:00:00 GMT", "2076-01-01T00:00:00.000Z"],
  ["1994-11-06T08:49:37Z", undefined],
  ["Sun, 06 Nov 1994 08:49:37", undefined],
  ["Sun, 06 Nov 1994 08:49:37 +0000", undefined],
  ["Sun, 31 Feb 1994 08:49:37 GMT", undefined],
  ["Sun, 06 Nov 1994 25:49:37 GMT", undefined],
  ["Sun, 06 Foo 1994 08:49:37 GMT", undefined],
  ["784111777", undefined],
  ["", undefined],
];
for (const [text, iso] of dates) {
  test(`parseDate reads ${JSON.stringify(text)} as ${iso}`, () => {
    const time = parseDate(text, now);
    assert.equal(time === undefined ? undefined : new Date(time).toISOString(), iso);
  });
}

test("parseDate reads what formatDate writes, to the second", () => {
  fc.assert(fc.property(fc.integer({ min: -62e9, max: 253e9 }), (seconds) => {
    const time = seconds * 1000;
    if (new Date(time).getUTCFullYear() < 100) return; // Date.UTC means 1900–1999 by these
    assert.equal(parseDate(formatDate(time + 999), Date.now()), time);
  }));
});

test("parseDate never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseDate(text, Date.now())));
});
