/** The limit on concurrent requests and its queue, on a fake clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concurrency } from "handwerk/upstreams";
import { settle, testWithClock, withFakeClock } from "../support/fake_clock.ts";

/** The signal of a client that stays. Workers make none outside of a test. */
const staying = (): AbortSignal => new AbortController().signal;

testWithClock(
  "concurrency: requests beyond the limit wait in order, as many as the queue holds",
  async (clock) => {
    const limit = concurrency(2, { queue: 2 });
    const [one, two] = [limit.enter(staying()), limit.enter(staying())];
    assert.ok(typeof one === "function" && typeof two === "function");
    const entered: string[] = [];
    const three = Promise.resolve(limit.enter(staying()));
    void three.then(() => entered.push("three"));
    const four = Promise.resolve(limit.enter(staying()));
    void four.then(() => entered.push("four"));
    await assert.rejects(
      async () => await limit.enter(staying()),
      { type: "connection_limit_reached", retryAfter: 1 },
    );
    one();
    one(); // does nothing more
    await settle();
    assert.deepEqual(entered, ["three"]);
    two();
    await settle();
    assert.deepEqual(entered, ["three", "four"]);
    assert.equal(clock.timers, 0);
    (await three)();
    (await four)();
    assert.equal(typeof limit.enter(staying()), "function");
  },
);

testWithClock(
  "concurrency: a request that waits too long is refused and leaves the queue",
  async (clock) => {
    const limit = concurrency(1, { queue: 1, queueTimeout: 500, retryAfter: 7 });
    const leave = await limit.enter(staying());
    const late = Promise.resolve(limit.enter(staying()));
    const refused = assert.rejects(late, { type: "connection_limit_reached", retryAfter: 7 });
    await clock.pass(499);
    const full = Promise.resolve(limit.enter(staying()));
    await assert.rejects(full, { type: "connection_limit_reached" });
    await clock.pass(1);
    await refused;
    const next = Promise.resolve(limit.enter(staying()));
    leave();
    (await next)();
    assert.equal(typeof limit.enter(staying()), "function");
  },
);

testWithClock("concurrency: a client that disconnects leaves the queue", async (clock) => {
  const limit = concurrency(1, { queue: 2 });
  const leave = await limit.enter(staying());
  const client = new AbortController();
  const gone = assert.rejects(async () => await limit.enter(client.signal), /gone/);
  const stays = Promise.resolve(limit.enter(staying()));
  client.abort(new Error("gone"));
  await gone;
  await assert.rejects(async () => await limit.enter(client.signal), /gone/);
  leave();
  (await stays)();
  assert.equal(clock.timers, 0);
});

test("concurrency: any sequence of events keeps the limit and releases all of it", async () => {
  const steps = fc.array(fc.constantFrom("enter", "leave", "gone", "wait"), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, (steps) =>
      withFakeClock(async (clock) => {
        const limit = concurrency(3, { queue: 2, queueTimeout: 10 });
        const inside: (() => void)[] = [];
        const clients: AbortController[] = [];
        for (const step of steps) {
          if (step === "enter") {
            const client = new AbortController();
            clients.push(client);
            void Promise.resolve(limit.enter(client.signal)).then((l) => inside.push(l), () => {});
          } else if (step === "leave") inside.shift()?.();
          else if (step === "gone") clients.pop()?.abort();
          else await clock.pass(10);
          for (let i = 0; i < 9; i++) await Promise.resolve();
          assert.ok(inside.length <= 3);
          assert.ok(clock.timers <= 2);
        }
        await clock.pass(10);
        for (const leave of inside) leave();
        for (let i = 0; i < 3; i++) assert.equal(typeof limit.enter(staying()), "function");
      })),
    { numRuns: 50 },
  );
});

test("concurrency: options out of bounds are refused", () => {
  assert.throws(() => concurrency(0), /^TypeError: concurrency: /);
  for (const options of [{ queue: -1 }, { queueTimeout: 0 }, { retryAfter: -1 }]) {
    assert.throws(() => concurrency(1, options), /^TypeError: concurrency: /);
  }
});
