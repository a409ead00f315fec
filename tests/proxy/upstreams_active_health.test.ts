/** Active health: checks, on a clock that stands still. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Checks,
  checks,
  type ChecksOptions,
} from "../../src/proxy/upstreams/active_health.ts";
import type { Candidate } from "../../src/proxy/upstreams/types.ts";
import { FakeClock } from "../support/fake_clock.ts";

const upstreams: readonly Candidate[] = ["a", "b"].map((name) => ({
  url: new URL(`http://${name}/`),
  weight: 1,
  inFlight: 0,
}));
const [a, b] = upstreams as [Candidate, Candidate];

interface Made {
  readonly checked: Checks;
  readonly clock: FakeClock;
  readonly asked: string[];
  answer: (upstream: Candidate, signal: AbortSignal) => Promise<number>;
}
function made(options: Partial<ChecksOptions> = {}): Made {
  const clock = new FakeClock();
  const checked = checks({ path: "/health", clock, ...options });
  const result: Made = { checked, clock, asked: [], answer: async () => 200 };
  checked.attach?.(upstreams, (upstream, path, signal) => {
    result.asked.push(upstream.url.host + path);
    return result.answer(upstream, signal);
  });
  return result;
}

test("each upstream is asked; fails in a row put it out, passes in a row bring it back", async () => {
  const it = made();
  assert.ok(it.checked.admits(a) && it.checked.admits(b));
  const well: boolean[] = [];
  for (const status of [503, 200, 503, 503, 200, 503, 503, 503, 200, 404, 200, 200]) {
    it.answer = async (upstream) => upstream === a ? status : 204;
    await it.checked.check();
    well.push(it.checked.admits(a));
    assert.ok(it.checked.admits(b));
  }
  const [t, f] = [true, false];
  assert.deepEqual(well, [t, t, t, t, t, t, t, f, f, f, f, t]);
  assert.deepEqual(it.asked.slice(0, 2), ["a/health", "b/health"]);
  assert.equal(it.clock.timers, 0);
});

test("an upstream that cannot be asked, or is late, is not well; check never rejects", async () => {
  const it = made({ fails: 1, timeout: 50 });
  let aborted: AbortSignal | undefined;
  it.answer = (upstream, signal) =>
    upstream === a
      ? Promise.reject(new Error("refused"))
      : new Promise(() => void (aborted = signal));
  const check = it.checked.check();
  await it.clock.pass(49);
  assert.ok(it.checked.admits(b));
  await it.clock.pass(1);
  await check;
  assert.ok(!it.checked.admits(a) && !it.checked.admits(b));
  assert.ok(aborted?.aborted);
  assert.equal(it.clock.timers, 0);
});

test("isWell decides, also by throwing", async () => {
  const it = made({ fails: 1, isWell: (status) => status === 418 });
  await it.checked.check();
  assert.ok(!it.checked.admits(a));
  const throws = made({
    fails: 1,
    isWell: () => {
      throw new Error("no");
    },
  });
  await throws.checked.check();
  assert.ok(!throws.checked.admits(a));
});

test("a check that is called while one runs is the same one", async () => {
  const it = made();
  await Promise.all([it.checked.check(), it.checked.check()]);
  assert.equal(it.asked.length, 2);
  await it.checked.check();
  assert.equal(it.asked.length, 4);
});

test("without an interval there is never a timer; with one, from the first request on", async () => {
  const without = made();
  without.checked.sent(a, upstreams);
  assert.equal(without.clock.timers, 0);

  const it = made({ interval: 1000 });
  assert.equal(it.clock.timers, 0);
  it.checked.sent(a, upstreams)("ended");
  it.checked.sent(b, upstreams)("ended");
  assert.equal(it.clock.timers, 1);
  await it.clock.pass(999);
  assert.equal(it.asked.length, 0);
  await it.clock.pass(1);
  assert.equal(it.asked.length, 2);
  await it.clock.pass(3000);
  assert.equal(it.asked.length, 8);
});

test("upstreams that the checks do not know are taken to be well", () => {
  assert.ok(checks({ path: "/" }).admits(a));
});

test("wrong options are refused", () => {
  const wrong: Partial<ChecksOptions>[] = [
    { path: "health" },
    { path: "" },
    { interval: 0 },
    { timeout: 2 ** 31 },
    { passes: 0 },
    { fails: -1 },
  ];
  for (const options of wrong) {
    assert.throws(() => checks({ path: "/", ...options }), /^TypeError: checks: /);
  }
});
