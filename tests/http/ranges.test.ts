import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readRanges } from "../../src/http/ranges.ts";

// For 1000 bytes: the field, and the ranges as [start, end), or what becomes of it.
const fields: readonly (readonly [string, readonly (readonly [number, number])[] | string])[] = [
  ["bytes=0-0", [[0, 1]]],
  ["bytes=0-499", [[0, 500]]],
  ["bytes=500-", [[500, 1000]]],
  ["bytes=-3", [[997, 1000]]],
  ["bytes=-9999", [[0, 1000]]],
  ["bytes=0-18446744073709551615", [[0, 1000]]],
  ["bytes=999-999", [[999, 1000]]],
  ["BYTES=0-1", [[0, 2]]],
  ["bytes= 0-1 , ,\t200-201", [[0, 2], [200, 202]]],
  ["bytes=200-201,0-1", [[200, 202], [0, 2]]],
  ["bytes=0-9,5-14", [[0, 15]]],
  ["bytes=0-9,20-29", [[0, 30]]],
  ["bytes=0-9,500-509,300-309,250-600", [[0, 10], [250, 601]]],
  ["bytes=0-1,9999-", [[0, 2]]],
  ["bytes=1000-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=1000-1001,-0", "unsatisfiable"],
  ["bytes=99999999999999999999-", "unsatisfiable"],
  ["bytes=5-2", "ignore"],
  ["bytes=99999999999999999999-99999999999999999998", "ignore"],
  ["bytes=a-b", "ignore"],
  ["bytes=1", "ignore"],
  ["bytes=-", "ignore"],
  ["bytes=0-1,x", "ignore"],
  ["bytes=0x1-2", "ignore"],
  ["bytes=+1-2", "ignore"],
  ["bytes=--1", "ignore"],
  ["bytes=", "ignore"],
  ["bytes", "ignore"],
  ["items=0-1", "ignore"],
  ["xbytes=0-0", "ignore"],
  ["bytes=0-,0-", "ignore"],
  [`bytes=${"0-0,".repeat(17)}`, "ignore"],
  [`bytes=0-0${",".repeat(2000)}`, "ignore"],
];
for (const [field, expected] of fields) {
  test(`readRanges of ${JSON.stringify(field.slice(0, 50))}`, () => {
    const ranges = readRanges(field, 1000);
    assert.deepEqual(
      typeof ranges === "string" ? ranges : ranges.map(({ start, end }) => [start, end]),
      expected,
    );
  });
}

test("readRanges of nothing is nothing", () => assert.equal(readRanges("bytes=0-0", 0), "ignore"));

test("ranges are inside, apart from each other, and cover what was asked for", () => {
  const bound = fc.integer({ min: 0, max: 1200 });
  const spec = fc.oneof(
    fc.tuple(bound, bound).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    bound.map((a) => `${a}-`),
    bound.map((a) => `-${a}`),
  );
  fc.assert(fc.property(fc.array(spec, { minLength: 1, maxLength: 16 }), (specs) => {
    const ranges = readRanges(`bytes=${specs.join(",")}`, 1000);
    if (typeof ranges === "string") return;
    for (const { start, end } of ranges) assert.ok(0 <= start && start < end && end <= 1000);
    const sorted = ranges.toSorted((a, b) => a.start - b.start);
    sorted.slice(1).forEach((range, i) => assert.ok(range.start > (sorted[i]?.end ?? 0) + 80));
    for (const one of specs) {
      const [own] = [readRanges(`bytes=${one}`, 1000)].filter((r) => typeof r !== "string").flat();
      if (own) assert.ok(ranges.some(({ start, end }) => start <= own.start && own.end <= end));
    }
  }));
});

test("readRanges never throws", () => {
  fc.assert(fc.property(fc.string(), fc.nat(), (field, size) => {
    readRanges(field, size);
    readRanges(`bytes=${field}`, size);
  }));
});
