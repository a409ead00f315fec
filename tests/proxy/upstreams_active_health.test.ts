/** Active health checks, on a fake clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Upstream } from "handwerk";
import { type ActiveHealth, activeHealth, type ActiveHealthOptions } from "handwerk/upstreams";
import { testWithClock } from "../support/fake_clock.ts";

const upstreams: readonly Upstream[] = ["a", "b"].map((name) => ({
  url: new URL(`http://${name}/`),
  weight: 1,
  inFlight: 0,
}));
const [a, b] = upstreams as [Upstream, Upstream];

interface Made {
  readonly checked: ActiveHealth;
  readonly asked: string[];
  answer: (upstream: Upstream, signal: AbortSignal) => Promise<number>;
}
function made(options: Partial<ActiveHealthOptions> = {}): Made {
  const checked = activeHealth({ path: "/health", ...options });
  const result: Made = { checked, asked: [], answer: async () => 200 };
  checked.attach?.(upstreams, (upstream, path, signal) => {
    result.asked.push(upstream.url.host + path);
    return result.answer(upstream, signal);
  });
  return result;
}

testWithClock(
  "active health: failed checks in a row exclude, passed checks restore",
  async (clock) => {
    const it = made();
    assert.ok(it.checked.isAvailable(a) && it.checked.isAvailable(b));
    const well: boolean[] = [];
    for (const status of [503, 200, 503, 503, 200, 503, 503, 503, 200, 404, 200, 200]) {
      it.answer = async (upstream) => upstream === a ? status : 204;
      await it.checked.check();
      well.push(it.checked.isAvailable(a));
      assert.ok(it.checked.isAvailable(b));
    }
    const [t, f] = [true, false];
    assert.deepEqual(well, [t, t, t, t, t, t, t, f, f, f, f, t]);
    assert.deepEqual(it.asked.slice(0, 2), ["a/health", "b/health"]);
    assert.equal(clock.timers, 0);
  },
);

testWithClock(
  "active health: an error or a timeout fails the check, which never rejects",
  async (clock) => {
    const it = made({ fails: 1, timeout: 50 });
    let aborted: AbortSignal | undefined;
    it.answer = (upstream, signal) =>
      upstream === a
        ? Promise.reject(new Error("refused"))
        : new Promise(() => void (aborted = signal));
    const check = it.checked.check();
    await clock.pass(49);
    assert.ok(it.checked.isAvailable(b));
    await clock.pass(1);
    await check;
    assert.ok(!it.checked.isAvailable(a) && !it.checked.isAvailable(b));
    assert.ok(aborted?.aborted);
    assert.equal(clock.timers, 0);
  },
);

test("active health: isHealthy decides; an exception fails the check", async () => {
  const it = made({ fails: 1, isHealthy: (status) => status === 418 });
  await it.checked.check();
  assert.ok(!it.checked.isAvailable(a));
  const throws = made({
    fails: 1,
    isHealthy: () => {
      throw new Error("no");
    },
  });
  await throws.checked.check();
  assert.ok(!throws.checked.isAvailable(a));
});

test("active health: a check that is called during another is the same one", async () => {
  const it = made();
  await Promise.all([it.checked.check(), it.checked.check()]);
  assert.equal(it.asked.length, 2);
  await it.checked.check();
  assert.equal(it.asked.length, 4);
});

testWithClock(
  "active health: an interval sets a timer from the first request on",
  async (clock) => {
    const without = made();
    without.checked.track(a, upstreams);
    assert.equal(clock.timers, 0);

    const it = made({ interval: 1000 });
    assert.equal(clock.timers, 0);
    it.checked.track(a, upstreams)("ended");
    it.checked.track(b, upstreams)("ended");
    assert.equal(clock.timers, 1);
    await clock.pass(999);
    assert.equal(it.asked.length, 0);
    await clock.pass(1);
    assert.equal(it.asked.length, 2);
    await clock.pass(3000);
    assert.equal(it.asked.length, 8);
  },
);

test("active health: unknown upstreams are available", () => {
  assert.ok(activeHealth({ path: "/" }).isAvailable(a));
});

test("active health: wrong options are refused", () => {
  const wrong: Partial<ActiveHealthOptions>[] = [
    { path: "health" },
    { path: "" },
    { interval: 0 },
    { timeout: 2 ** 31 },
    { passes: 0 },
    { fails: -1 },
  ];
  for (const options of wrong) {
    assert.throws(() => activeHealth({ path: "/", ...options }), /^TypeError: activeHealth: /);
  }
});
