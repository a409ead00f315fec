import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type BareItem, parseDictionary, parseItem } from "../../src/http/structured.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
// RFC 9651 §3.3: [field, value]
const items: readonly (readonly [string, unknown])[] = [
  ["1", 1],
  ["-999999999999999", -999999999999999],
  ["1.5", 1.5],
  ["  1", 1],
  ["1  ", 1],
  ["1 \t ", undefined],
  ["1\t", undefined],
  ["1\n", undefined],
  ["1\u00a0", undefined],
  ["1;a;b=2", 1],
  ["1; a=?0", 1],
  ['"a \\"b\\" \\\\"', 'a "b" \\'],
  ["a/b:*", { token: "a/b:*" }],
  ["*", { token: "*" }],
  ["?1", true],
  ["?0", false],
  ["::", bytes()],
  [":AQL/:", bytes(1, 2, 255)],
  [":AQI=:", bytes(1, 2)],
  ["", undefined],
  ["1,", undefined],
  ["1 2", undefined],
  ["\t1", undefined],
  ["1000000000000000", undefined],
  ["1000000000000.5", undefined],
  ["1.5555", undefined],
  ["1.", undefined],
  ["--1", undefined],
  ['"a', undefined],
  ['"\\a"', undefined],
  ['"ü"', undefined],
  ["?2", undefined],
  [":AQI", undefined],
  [":A:", undefined],
  [":A=A=:", undefined],
  ["1;", undefined],
  ["1;A", undefined],
  ["1;a=", undefined],
  ["(1 2)", undefined],
  ["x".repeat(5000), { token: "x".repeat(5000) }],
  ["x".repeat(40_000), undefined],
];
for (const [field, expected] of items) {
  test(`the item ${JSON.stringify(field.slice(0, 40))}`, () => {
    assert.deepEqual(parseItem(field), expected);
  });
}

// RFC 9651 §3.2: [field, members]
const dictionaries: readonly (readonly [string, Record<string, unknown> | undefined])[] = [
  ["", {}],
  ["a=1", { a: 1 }],
  ["sha-256=10, sha-512=0", { "sha-256": 10, "sha-512": 0 }],
  ["a, b;x=1 ,\tc=:AQ==:", { a: true, b: true, c: bytes(1) }],
  ["a=1, b=2, a=3", { a: 3, b: 2 }],
  ["a=1 \t", { a: 1 }],
  ["a=1\n", undefined],
  ["a=(1 2)", { a: [1, 2] }],
  ['a=( 1;x  "b" );y, b=()', { a: [1, "b"], b: [] }],
  ["a=(1", undefined],
  ["a=(1\t2)", undefined],
  ['a=("b""c")', undefined],
  ["a=((1))", undefined],
  ["a=(1,2)", undefined],
  ["*a.b-c_1=x", { "*a.b-c_1": { token: "x" } }],
  ["A=1", undefined],
  ["a=1,", undefined],
  [",a=1", undefined],
  ["a=1 b=2", undefined],
  ["a=", undefined],
  ["a =1", undefined],
];
for (const [field, expected] of dictionaries) {
  test(`the dictionary ${JSON.stringify(field)}`, () => {
    const members = parseDictionary(field);
    assert.deepEqual(members && Object.fromEntries(members), expected);
    if (expected) assert.deepEqual([...members?.keys() ?? []], Object.keys(expected));
  });
}

const write = (value: BareItem): string => {
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "?1" : "?0";
  if (typeof value === "string") return `"${value.replace(/["\\]/g, "\\$&")}"`;
  if (value instanceof Uint8Array) return `:${btoa(String.fromCharCode(...value))}:`;
  return value.token;
};
const item: fc.Arbitrary<BareItem> = fc.oneof(
  fc.integer({ min: -1e9, max: 1e9 }),
  fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 8),
  fc.boolean(),
  fc.string({ unit: "grapheme-ascii", maxLength: 20 }),
  fc.uint8Array({ maxLength: 40 }).map((value) => new Uint8Array(value)),
  fc.stringMatching(/^[a-z*][a-z0-9/:!#]{0,8}$/).map((token) => ({ token })),
);
const key = fc.stringMatching(/^[a-z*][a-z0-9_\-.*]{0,8}$/);

test("what was written is read", () => {
  fc.assert(fc.property(fc.dictionary(key, item), (members) => {
    const field = Object.entries(members).map(([key, value]) => `${key}=${write(value)}`);
    assert.deepEqual(parseDictionary(field.join(", ")), new Map(Object.entries(members)));
  }));
  fc.assert(fc.property(item, (value) => assert.deepEqual(parseItem(write(value)), value)));
});

test("1024 members and 16 KiB of bytes are read, and in linear time (RFC 9651 §3)", () => {
  const members = Array.from({ length: 1024 }, (_, i) => `a${i}=1`).join(", ");
  assert.equal(parseDictionary(members)?.size, 1024);
  const value = new Uint8Array(16_384).fill(97);
  assert.deepEqual(parseItem(write(value)), value);
  for (const unit of [" ", "(", "a ", "a=( ", "\\", ";a", "1"]) {
    parseDictionary(unit.repeat(32_768 / unit.length));
    parseItem(`1${unit.repeat(32_767 / unit.length)}x`);
  }
});

test("nothing makes the readers throw", () => {
  const unit = fc.constantFrom(
    '"',
    ":",
    "?",
    "1",
    "-",
    ".",
    "a",
    "=",
    ",",
    ";",
    " ",
    "*",
    "\\",
    "(",
  );
  fc.assert(fc.property(fc.array(unit).map((units) => units.join("")), (field) => {
    parseItem(field);
    parseDictionary(field);
  }));
});
