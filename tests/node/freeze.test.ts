/** Entries, exports, options and defaults are frozen: a change of the public face is a decision. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { publicFace } from "../support/public_face.ts";

test("the public face is the one that is written down", () => {
  const lines = (text: string): string[] => text.split("\n");
  const frozen = readFileSync("tests/node/public_face.txt", "utf8");
  assert.deepEqual(lines(publicFace()), lines(frozen));
});
