/** Slow start of recovered upstreams, on a fake clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Health, proxyTo, type Upstream } from "handwerk";
import { activeHealth, passiveHealth, slowStart } from "handwerk/upstreams";
import { testWithClock } from "../support/fake_clock.ts";
import { FakeTransport, ok } from "../support/fake_transport.ts";

/** Asks upstreams a and b, with their weights, so many times; tells how often it was a. */
function pooled(
  weights: readonly [number, number],
  health: Health,
): (times: number, fails?: boolean) => Promise<number> {
  let [count, failing] = [0, false];
  const transport = new FakeTransport(({ url }) => {
    if (url.host === "a") {
      count++;
      if (failing) throw new Error("reset");
    }
    return { ...ok(), body: null };
  });
  const target = weights.map((weight, i) => ({ url: `http://${"ab"[i]}/`, weight }));
  const app = proxyTo({ target, health }, { transport, onError: () => {} });
  return async (times, fails = false) => {
    [count, failing] = [0, fails];
    for (let i = 0; i < times; i++) await app(new Request("http://front/"));
    return count;
  };
}

for (const [a, b] of [[1, 1], [3, 1], [1, 4]] as const) {
  testWithClock(
    `slow start: the weight of a recovered upstream grows, ${a} beside ${b}`,
    async (clock) => {
      const health = slowStart(passiveHealth({ failures: 1, time: 100 }), { time: 1000 });
      const ask = pooled([a, b], health);
      assert.equal(await ask(100 * (a + b)), 100 * a);
      await ask(a + b, true);
      assert.equal(await ask(100), 0);
      await clock.pass(100);
      for (let at = 0; at < 15; at++) {
        const weight = a * Math.min(1, Math.max(0.1, at / 10));
        const expected = 200 * weight / (weight + b);
        const count = await ask(200);
        assert.ok(Math.abs(count - expected) <= 3, `${count} of 200 at ${at}, not ${expected}`);
        await clock.pass(100);
      }
    },
  );
}

testWithClock(
  "slow start: an upstream that stays healthy keeps its full weight",
  async (clock) => {
    const [a, b] = ["a", "b"].map((name): Upstream => ({
      url: new URL(`http://${name}/`),
      weight: 1,
      inFlight: 0,
    })) as [Upstream, Upstream];
    const checked = activeHealth({ path: "/health", passes: 1, fails: 1 });
    const health = slowStart(checked, { time: 1000 });
    let well = true;
    health.attach?.([a, b], ({ url }) => Promise.resolve(well || url.host === "b" ? 200 : 500));
    assert.deepEqual([health.isAvailable(a), health.weightFactor?.(a), health.weightFactor?.(b)], [
      true,
      1,
      1,
    ]);
    well = false;
    await checked.check();
    assert.deepEqual([health.isAvailable(a), health.isAvailable(b)], [false, true]);
    well = true;
    await clock.pass(5000);
    await checked.check();
    assert.deepEqual([health.isAvailable(a), health.weightFactor?.(a), health.weightFactor?.(b)], [
      true,
      0.1,
      1,
    ]);
    await clock.pass(250);
    assert.deepEqual([health.isAvailable(a), health.weightFactor?.(a)], [true, 0.25]);
    await clock.pass(1e6);
    assert.equal(health.weightFactor?.(a), 1);
  },
);

test("slow start: strict is passed on; wrong options are refused", () => {
  assert.equal(slowStart(passiveHealth({ strict: true })).strict, true);
  assert.equal(slowStart(passiveHealth()).strict, false);
  assert.throws(
    () => slowStart({} as never),
    /^TypeError: slowStart: the health is an object; give one such/,
  );
  assert.throws(
    () => slowStart(passiveHealth(), { time: 0 }),
    /^TypeError: slowStart: time is 0; give milliseconds/,
  );
  assert.throws(
    () => slowStart(passiveHealth(), { tim: 1 } as never),
    /unknown option "tim"; did you mean "time"\?/,
  );
});
