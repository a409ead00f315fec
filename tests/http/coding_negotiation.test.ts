import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { codingChooser } from "../../src/http/negotiation.ts";

// RFC 9110 §12.5.3: [field, available, chosen]
const rows: readonly (readonly [string | null, readonly string[], string | undefined])[] = [
  [null, ["br", "gzip"], "identity"],
  ["", ["br", "gzip"], "identity"],
  ["gzip", ["br", "gzip"], "gzip"],
  ["gzip, br", ["br", "gzip"], "br"],
  ["gzip;q=1, br;q=0.5", ["br", "gzip"], "gzip"],
  ["GZIP", ["gzip"], "gzip"],
  ["x-gzip", ["gzip"], "gzip"],
  ["*", ["br", "gzip"], "br"],
  ["br;q=0, *", ["br", "gzip"], "gzip"],
  ["gzip;q=0.5, identity", ["gzip"], "identity"],
  ["gzip;q=0.5, identity;q=0.5", ["gzip"], "gzip"],
  ["identity;q=0", ["gzip"], undefined],
  ["identity;q=0, gzip", ["gzip"], "gzip"],
  ["*;q=0", ["gzip"], undefined],
  ["*;q=0, identity", [], "identity"],
  ["gzip;q=2", ["gzip"], "identity"],
  ["gzip, br, zstd", [], "identity"],
  ["identity;q=0", [], undefined],
  ["IDENTITY;q=0", [], undefined],
  ["*;q=0", [], undefined],
];
for (const [field, available, chosen] of rows) {
  test(`Accept-Encoding: ${field}, of ${available.join() || "none"}, is ${chosen}`, () => {
    assert.equal(codingChooser(field)(available), chosen);
  });
}

test("one chooser chooses as often as it is asked, as a new one would", () => {
  const coding = fc.constantFrom("br", "gzip", "zstd", "*", "identity", "x");
  const member = fc.tuple(coding, fc.constantFrom("", ";q=0", ";q=0.5", ";q=1"));
  const field = fc.array(member).map((members) => members.map((m) => m.join("")).join(", "));
  fc.assert(fc.property(field, fc.array(fc.subarray(["br", "gzip", "zstd"])), (field, asked) => {
    const choose = codingChooser(field);
    for (const available of asked) {
      assert.equal(choose(available), codingChooser(field)(available));
    }
  }));
});
