/** Where frames cannot be kept alive, that is said, and the work is done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { liveFrames } from "handwerk/debug";
import { runtimeName } from "../../src/runtime.ts";

if (runtimeName() !== "Node") {
  test("frames are off on a runtime that is not Node", async () => {
    const live = liveFrames();
    assert.deepEqual(live.status, {
      off: `frames can be kept alive on Node only, not on ${runtimeName()}`,
    });
    const error = new Error("as it is");
    assert.throws(() =>
      live.run(() => {
        throw error;
      }), error);
    assert.equal(await live.run(() => Promise.resolve(1)), 1);
    assert.deepEqual(live.framesOf(error), []);
    live.dispose();
  });
}

test("the runtime is known", () => {
  assert.notEqual(runtimeName(), "unknown");
});
