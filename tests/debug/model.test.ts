/** Which lines of a stack the frames are that were kept alive. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CapturedFrame } from "handwerk/debug";
import { modelOf } from "../../src/debug/model.ts";
import { readThrown } from "../../src/debug/thrown.ts";

const frame = (name: string, line: number, url = "file:///app/a.ts"): CapturedFrame => (
  { url, line, column: 1, name, scopes: [], evaluate: () => name }
);
/** Each line of the stack, and of where it was thrown, with a star when it is alive. */
async function paired(
  stack: readonly string[],
  ...captures: readonly (readonly CapturedFrame[])[]
): Promise<[own: string[], thrownAt: string[]]> {
  const lines = stack.map((line) => `    at ${line}`).join("\n");
  const error = Object.assign(new Error("x"), { stack: `Error: x\n${lines}` });
  const { error: model, live } = await modelOf(readThrown(error), {
    readText: () => Promise.resolve(undefined),
    directory: "/app",
    hide: () => false,
    framesOf: () => captures,
  });
  for (const frame of [...model.frames, ...model.thrownAt]) {
    assert.equal(frame.live, live.has(frame.id));
    if (frame.live) assert.match(frame.name, new RegExp(`${live.get(frame.id)?.name}(?: \\[|$)`));
  }
  const names = (frames: typeof model.frames): string[] =>
    frames.map(({ name, line, live }) => `${name}:${line}${live ? "*" : ""}`);
  return [names(model.frames), names(model.thrownAt)];
}
const stack = ["f (/app/a.ts:1:9)", "Object.g (file:///app/a.ts:2:9)", "h (/app/b.ts:3:9)"];

test("frames are found by their place, whatever form it has", async () => {
  assert.deepEqual(await paired(stack, [frame("f", 1), frame("g", 2)]), [
    ["f:1*", "Object.g:2*", "h:3"],
    [],
  ]);
});

test("each of the lines that are alike gets a frame of its own", async () => {
  const recursive = ["f (/app/a.ts:1:9)", "f (/app/a.ts:1:9)", "f (/app/a.ts:1:9)"];
  assert.deepEqual(await paired(recursive, [frame("f", 1), frame("f", 1)]), [
    ["f:1*", "f:1*", "f:1"],
    [],
  ]);
});

test("what is thrown again shows where, once", async () => {
  const again = [frame("catcher", 30), frame("h", 3, "/app/b.ts")];
  assert.deepEqual(await paired(stack, [frame("f", 1), frame("g", 2)], again, again), [
    ["f:1*", "Object.g:2*", "h:3*"],
    ["catcher:30*"],
  ]);
});

test("where the stack is mapped, names are what is compared", async () => {
  const compiled = "file:///app/out/a.js";
  const names = ["Shop.f [as go] (/app/a.ts:1:9)", "new g (/app/a.ts:2:9)", "f (node:x:1:1)"];
  assert.deepEqual(
    await paired(names, [
      frame("f", 70, compiled),
      frame("g", 80, compiled),
      frame("f", 9, compiled),
    ]),
    [["Shop.f [as go]:1*", "new g:2*", "f:1"], []],
  );
  assert.deepEqual(await paired(stack, [frame("", 70, compiled)]), [
    ["f:1", "Object.g:2", "h:3"],
    [":70*"],
  ]);
});
