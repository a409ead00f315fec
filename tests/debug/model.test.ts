/** How captured frames are matched to the lines of a stack. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { modelOf } from "../../src/debug/model.ts";
import { readThrown } from "../../src/debug/thrown.ts";
import type { CapturedFrame } from "../../src/debug/types.ts";

const frame = (name: string, line: number, url = "file:///app/a.ts"): CapturedFrame => (
  { url, line, column: 1, name, scopes: [], evaluate: () => name }
);
/** The lines of the stack and of "Thrown at", with a star for live frames. */
async function paired(
  stack: readonly string[],
  ...captures: readonly (readonly CapturedFrame[])[]
): Promise<[own: string[], thrownAt: string[]]> {
  const lines = stack.map((line) => `    at ${line}`).join("\n");
  const error = Object.assign(new Error("x"), { stack: `Error: x\n${lines}` });
  const { error: model, live } = await modelOf(readThrown(error), {
    readText: () => Promise.resolve(undefined),
    directory: "/app",
    filterFrame: () => true,
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

test("frames are matched by file and line, as a path or as a URL", async () => {
  assert.deepEqual(await paired(stack, [frame("f", 1), frame("g", 2)]), [
    ["f:1*", "Object.g:2*", "h:3"],
    [],
  ]);
});

test("equal lines get a frame each", async () => {
  const recursive = ["f (/app/a.ts:1:9)", "f (/app/a.ts:1:9)", "f (/app/a.ts:1:9)"];
  assert.deepEqual(await paired(recursive, [frame("f", 1), frame("f", 1)]), [
    ["f:1*", "f:1*", "f:1"],
    [],
  ]);
});

test("a rethrown error shows once where", async () => {
  const again = [frame("catcher", 30), frame("h", 3, "/app/b.ts")];
  assert.deepEqual(await paired(stack, [frame("f", 1), frame("g", 2)], again, again), [
    ["f:1*", "Object.g:2*", "h:3*"],
    ["catcher:30*"],
  ]);
});

test("in a mapped stack, frames are matched by name", async () => {
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
