/** Runtimes without live frames say so, and do the work. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { liveFrames } from "../../src/debug/live/live_frames.ts";
import { runtimeName } from "../../src/runtime.ts";

if (runtimeName() !== "Node") {
  test("live frames are off on other runtimes than Node", async () => {
    const live = liveFrames(8);
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
  });
}

test("the runtime is known", () => {
  assert.notEqual(runtimeName(), "unknown");
});
