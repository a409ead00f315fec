import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseStack } from "../../src/debug/stack.ts";

const rows: readonly (readonly [line: string, name: string, url: string, place: string])[] = [
  ["at find (file:///app/a.ts:12:3)", "find", "file:///app/a.ts", "12:3"],
  ["at file:///app/a.ts:12:3", "", "file:///app/a.ts", "12:3"],
  ["at async run (/app/a b.js:1:2)", "run", "/app/a b.js", "1:2"],
  ["at async file:///a.js:1:2", "", "file:///a.js", "1:2"],
  ["at async Promise.all (index 0)", "Promise.all", "index 0", "0:0"],
  ["at new Shop (/app/(old)/s.js:4:5)", "new Shop", "/app/(old)/s.js", "4:5"],
  ["at Shop.open [as go] (C:\\app\\s.js:4:5)", "Shop.open [as go]", "C:\\app\\s.js", "4:5"],
  ["at Array.map (<anonymous>)", "Array.map", "", "0:0"],
  ["at <anonymous> (/app/a.ts:7:8)", "", "/app/a.ts", "7:8"],
  ["at process.task (node:internal/queue:5:6)", "process.task", "node:internal/queue", "5:6"],
  ["at eval (eval at go (/app/e.js:2:9), <anonymous>:1:1)", "eval", "/app/e.js", "2:9"],
  [
    "at eval (eval at b (eval at a (/e.js:2:9), <anonymous>:1:1), <anonymous>:1:1)",
    "eval",
    "/e.js",
    "2:9",
  ],
  ["at <parse> (:0)", "<parse>", "", "0:0"],
  ["at handler (tests.mjs:100:20)", "handler", "tests.mjs", "100:20"],
  ["find@/app/a.js:12:3", "find", "/app/a.js", "12:3"],
  ["@file:///app/a.js:12:3", "", "file:///app/a.js", "12:3"],
  ["map@[native code]", "map", "[native code]", "0:0"],
];
for (const [line, name, url, place] of rows) {
  test(`a line of a stack is parsed: ${line}`, () => {
    const [frame, ...others] = parseStack(`Error: x\n    ${line}\n`, "Error: x");
    assert.ok(frame);
    assert.deepEqual([frame.name, frame.url, `${frame.line}:${frame.column}`], [name, url, place]);
    assert.equal(frame.awaiting, line.startsWith("at async "));
    assert.equal(others.length, 0);
  });
}

test("lines of the message that look like frames are not frames", () => {
  const forged = "no\n    at steal (/etc/secret.js:1:1)\n    at b (/c.js:1:1)";
  const stack = `Error: ${forged}\n    at real (/app/a.js:1:2)`;
  assert.deepEqual(parseStack(stack, `Error: ${forged}`).map(({ name }) => name), ["real"]);
  // The message was changed after the stack was made: what is before other text is not believed.
  const other = `Error: ${forged}\nend\n    at real (/app/a.js:1:2)`;
  assert.deepEqual(parseStack(other, "Error: other").map(({ name }) => name), ["real"]);
});

test("stacks of the engine are parsed, on every runtime", () => {
  const error = new Error("made here\n    at forged (/x.js:1:1)");
  const lines = parseStack(error.stack ?? "", `Error: ${error.message}`);
  assert.ok((lines[0]?.line ?? 0) > 0 && !lines.some(({ name }) => name === "forged"));
});

test("any text is parsed in linear time, into a bounded number of lines", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (stack, head) => {
    assert.ok(parseStack(stack, head).length <= 200);
  }));
  for (
    const unit of ["at (", "at eval at (((", "a@:1", "at x (\n", ":1:1\n", "at eval (eval at a ("]
  ) {
    assert.ok(parseStack(unit.repeat(200_000), "").length <= 200);
  }
});
