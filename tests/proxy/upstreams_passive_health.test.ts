/** Passive health checks: ejection, half-open and recovery, on a fake clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptEvent, Health, Upstream } from "handwerk";
import { passiveHealth, type PassiveHealthOptions } from "handwerk/upstreams";
import { testWithClock } from "../support/fake_clock.ts";

const upstreams: readonly Upstream[] = ["a", "b", "c", "d"].map((name) => ({
  url: new URL(`http://${name}/`),
  weight: 1,
  inFlight: 0,
}));
const [a, b, c] = upstreams as [Upstream, Upstream, Upstream, Upstream];

const made = (options: PassiveHealthOptions = {}): Health =>
  passiveHealth({ failures: 3, time: 100, ...options });
const tell = (health: Health, upstream: Upstream, news: AttemptEvent, times = 1): void => {
  for (let i = 0; i < times; i++) health.track(upstream, upstreams)(news);
};
/** A whole response. */
const answer = (health: Health, upstream: Upstream, status = 200): void => {
  const report = health.track(upstream, upstreams);
  report("answered", status);
  report("ended");
};

test("passive health: failures in a row eject; a complete response resets the count", () => {
  const health = made();
  tell(health, a, "failed", 2);
  answer(health, a);
  tell(health, a, "failed", 2);
  assert.ok(health.isAvailable(a));
  tell(health, a, "failed");
  assert.ok(!health.isAvailable(a));
  assert.ok(health.isAvailable(b));
});

test("passive health: 502, 503 and 504 count; other statuses and client disconnects do not", () => {
  for (const status of [502, 503, 504]) {
    const health = made();
    for (let i = 0; i < 3; i++) answer(health, a, status);
    assert.ok(!health.isAvailable(a), String(status));
  }
  const health = made();
  for (let i = 0; i < 9; i++) answer(health, a, 500);
  tell(health, a, "abandoned", 9);
  assert.ok(health.isAvailable(a));
  const strict = made({ statuses: [500] });
  for (let i = 0; i < 3; i++) answer(strict, a, 500);
  assert.ok(!strict.isAvailable(a));
});

test("passive health: responses that are cut off count", () => {
  const health = made();
  for (let i = 0; i < 3; i++) {
    const report = health.track(a, upstreams);
    report("answered", 200);
    report("failed");
  }
  assert.ok(!health.isAvailable(a));
});

testWithClock("passive health: half-open lets exactly one request through", async (clock) => {
  const health = made();
  tell(health, a, "failed", 3);
  await clock.pass(99);
  assert.ok(!health.isAvailable(a));
  await clock.pass(1);
  assert.ok(health.isAvailable(a));
  const probe = health.track(a, upstreams);
  for (let i = 0; i < 1000; i++) assert.ok(!health.isAvailable(a));
  probe("answered", 200); // its response may last for hours
  assert.ok(health.isAvailable(a));
});

testWithClock(
  "passive health: half-open, a probe that the client abandons is followed by another",
  async (clock) => {
    const health = made();
    tell(health, a, "failed", 3);
    await clock.pass(100);
    const probe = health.track(a, upstreams);
    assert.ok(!health.isAvailable(a));
    probe("abandoned");
    assert.ok(health.isAvailable(a));
    tell(health, a, "failed");
    assert.ok(!health.isAvailable(a));
  },
);

testWithClock(
  "passive health: each ejection lasts twice as long, up to maxTime; staying healthy resets that",
  async (clock) => {
    const health = made({ maxTime: 350 });
    const out = async (): Promise<number> => {
      let time = 0;
      for (; !health.isAvailable(a); time++) await clock.pass(1);
      return time;
    };
    tell(health, a, "failed", 3);
    const times = [await out()];
    for (let i = 0; i < 3; i++) {
      tell(health, a, "failed"); // the probe
      times.push(await out());
    }
    assert.deepEqual(times, [100, 200, 350, 350]);
    answer(health, a);
    assert.ok(health.isAvailable(a));
    // Soon after, it is not forgotten; it is when it has held out as long as it was ejected.
    tell(health, a, "failed", 3);
    assert.equal(await out(), 350);
    answer(health, a);
    await clock.pass(350);
    tell(health, a, "failed", 3);
    assert.equal(await out(), 100);
  },
);

testWithClock(
  "passive health: after a recovery, one failure ejects unless a response has ended before",
  async (clock) => {
    const health = made();
    tell(health, a, "failed", 3);
    await clock.pass(100);
    health.track(a, upstreams)("answered", 200);
    tell(health, a, "failed");
    assert.ok(!health.isAvailable(a));
    await clock.pass(200);
    answer(health, a);
    tell(health, a, "failed", 2);
    assert.ok(health.isAvailable(a));
  },
);

test("passive health: at most a share of the upstreams is ejected, but always one", () => {
  const health = made({ maxEjected: 0.5 });
  for (const upstream of upstreams) tell(health, upstream, "failed", 9);
  assert.deepEqual(upstreams.map((upstream) => health.isAvailable(upstream)), [
    false,
    false,
    true,
    true,
  ]);
  const none = made({ maxEjected: 0 });
  for (const upstream of upstreams) tell(none, upstream, "failed", 9);
  assert.deepEqual(upstreams.map((upstream) => none.isAvailable(upstream)), [
    false,
    true,
    true,
    true,
  ]);
});

testWithClock(
  "passive health: requests from before an ejection do not count after it",
  async (clock) => {
    const health = made();
    const [early, late] = [health.track(a, upstreams), health.track(a, upstreams)];
    tell(health, a, "failed", 3);
    early("answered", 200);
    early("ended");
    assert.ok(!health.isAvailable(a));
    await clock.pass(100);
    late("failed");
    assert.ok(health.isAvailable(a)); // still half-open after the first ejection, not ejected again
  },
);

testWithClock(
  "passive health: when all are ejected, a response restores its upstream",
  async (clock) => {
    const health = made({ maxEjected: 1 });
    for (const upstream of upstreams) tell(health, upstream, "failed", 3);
    assert.ok(upstreams.every((upstream) => !health.isAvailable(upstream)));
    tell(health, b, "failed", 9);
    health.track(c, upstreams)("answered", 200);
    assert.deepEqual(upstreams.map((upstream) => health.isAvailable(upstream)), [
      false,
      false,
      true,
      false,
    ]);
    // Those that failed meanwhile are not ejected for longer.
    await clock.pass(100);
    assert.ok(upstreams.every((upstream) => health.isAvailable(upstream)));
  },
);

test("passive health: options out of bounds are refused", () => {
  const wrong = [
    { failures: 0 },
    { time: -1 },
    { time: 100, maxTime: 99 },
    { maxEjected: 2 },
    { maxEjected: NaN },
  ];
  for (const options of wrong) {
    assert.throws(() => passiveHealth(options), /^TypeError: passiveHealth: /);
  }
});
