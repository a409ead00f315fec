/** Status lines, changed before undici reads them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StatusLines } from "../../src/transport/undici.ts";

/** Reads a response in pieces that end at the given offsets. */
function read(text: string, ends: readonly number[] = []): string {
  const lines = new StatusLines();
  lines.expect();
  const bytes = new TextEncoder().encode(text);
  let from = 0;
  for (
    const end of [
      ...ends.map((n) => n % (bytes.length + 1)).toSorted((a, b) => a - b),
      bytes.length,
    ]
  ) {
    lines.read(bytes.subarray(from, end));
    from = Math.max(from, end);
  }
  return new TextDecoder().decode(bytes);
}

for (
  const [text, expected] of [
    ["HTTP/1.1 100 Continue\r\n\r\nrest", "HTTP/1.1 109 Continue\r\n\r\nrest"],
    ["HTTP/1.0 100\r\n\r\n", "HTTP/1.0 109\r\n\r\n"],
    [
      "HTTP/1.1 100 A\r\nB: 100\r\n\r\nHTTP/1.1 100 C\r\n\r\n",
      "HTTP/1.1 109 A\r\nB: 100\r\n\r\nHTTP/1.1 109 C\r\n\r\n",
    ],
    ["HTTP/1.1 103 A\n\nHTTP/1.1 100 C\n\n", "HTTP/1.1 103 A\n\nHTTP/1.1 109 C\n\n"],
    ["HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 100 C\r\n\r\n", undefined],
    ["HTTP/1.1 110 X\r\n\r\n", undefined],
    ["HTTP/1.1 1000 X\r\n\r\n", "HTTP/1.1 1090 X\r\n\r\n"], // no status; undici refuses both
    ["HTTP/2 100 X\r\n\r\n", undefined],
    ["garbage HTTP/1.1 100 X\r\n\r\n", undefined],
    ["", undefined],
  ] as const
) {
  test(`status lines: ${JSON.stringify(text)}`, () => assert.equal(read(text), expected ?? text));
}

const interim = fc.constantFrom(
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.0 100 Continue\r\nA: 100\r\n\r\n",
  "HTTP/1.1 103 Hints\r\nLink: </100>\r\n\r\n",
);
const other = fc.constantFrom(
  "HTTP/1.1 200 OK\r\nA: 100\r\n\r\n",
  "HTTP/1.1 10",
  "0 100\r\n",
  "\r\n\r\n",
);

test("status lines: any split into pieces", () => {
  const parts = fc.array(fc.oneof(interim, other));
  fc.assert(fc.property(parts, fc.array(fc.nat(200)), (parts, ends) => {
    const text = parts.join("");
    assert.equal(read(text, ends), read(text));
  }));
});

test("status lines: only the statuses before that of the final response change", () => {
  fc.assert(fc.property(fc.array(interim), fc.array(fc.oneof(interim, other)), (heads, rest) => {
    const final = `HTTP/1.1 200 OK\r\n\r\n${rest.join("")}`;
    const shown = heads.join("").replaceAll(/^(HTTP\/1\.\d) 100/gm, "$1 109");
    assert.equal(read(heads.join("") + final), shown + final);
  }));
});

test("status lines: nothing is changed before a request is sent", () => {
  const bytes = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");
  const before = bytes.slice();
  new StatusLines().read(bytes);
  assert.deepEqual(bytes, before);
});
