/** Time and chance in the hand of a test: they replace the globals while it runs. */
import { test } from "node:test";

const real = {
  setTimeout: globalThis.setTimeout.bind(globalThis),
  clearTimeout: globalThis.clearTimeout.bind(globalThis),
};

interface FakeTimer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still except in {@linkcode FakeClock.pass}. */
export class FakeClock {
  /** Milliseconds since the start of the test, plus a second. */
  now = 1000;
  readonly #timers = new Set<FakeTimer>();

  /** How many timers are running. */
  get timers(): number {
    return this.#timers.size;
  }

  setTimeout(callback: () => void, milliseconds: number): FakeTimer {
    const timer = { at: this.now + milliseconds, callback };
    this.#timers.add(timer);
    return timer;
  }

  /** @returns Whether the timer was one of this clock. */
  clearTimeout(timer: unknown): boolean {
    return this.#timers.delete(timer as FakeTimer);
  }

  /** Lets time pass, and lets promises settle after each timer. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].toSorted((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.now = next.at;
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.now = end;
  }
}

/**
 * Runs a function whose time is that of a fake clock: `setTimeout`, `clearTimeout`,
 * `performance.now` and `Date.now` are replaced until it returns. `setTimeout(…, 0)` stays real: it
 * waits for a turn of the event loop, not for time.
 */
export async function withFakeClock(
  use: (clock: FakeClock) => void | Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const today = Date.now() - clock.now;
  const fake = {
    setTimeout: (callback: () => void, milliseconds = 0): unknown =>
      milliseconds > 0 ? clock.setTimeout(callback, milliseconds) : real.setTimeout(callback, 0),
    clearTimeout: (timer: unknown): void => {
      if (!clock.clearTimeout(timer)) real.clearTimeout(timer as number);
    },
  };
  const restore = [
    replace(globalThis, "setTimeout", fake.setTimeout as typeof setTimeout),
    replace(globalThis, "clearTimeout", fake.clearTimeout as typeof clearTimeout),
    replace(performance, "now", () => clock.now),
    replace(Date, "now", () => today + clock.now),
  ];
  try {
    await use(clock);
  } finally {
    for (const each of restore) each();
  }
}

/** A test that runs {@linkcode withFakeClock}. */
export function testWithClock(
  name: string,
  use: (clock: FakeClock) => void | Promise<void>,
): void {
  test(name, () => withFakeClock(use));
}

/**
 * Stops `performance.now` and `Date.now`, while timers stay real: for tests that read files.
 *
 * @param use Gets `step`, which moves both, and `set`, which moves the time of day alone, as an
 * administrator does.
 */
export async function withStoppedClock(
  use: (step: (by: number) => void, set: (by: number) => void) => Promise<void>,
): Promise<void> {
  let [time, day] = [Math.ceil(performance.now()), Date.now()];
  const restore = [
    replace(performance, "now", () => time),
    replace(Date, "now", () => day),
  ];
  try {
    await use((by) => [time, day] = [time + by, day + by], (by) => day += by);
  } finally {
    for (const each of restore) each();
  }
}

/** Replaces `Math.random` while a function runs. */
export async function withRandom(
  random: () => number,
  use: () => void | Promise<void>,
): Promise<void> {
  const restore = replace(Math, "random", random);
  try {
    await use();
  } finally {
    restore();
  }
}

/** Replaces a member of a global. @returns What puts it back. */
function replace<T extends object, K extends keyof T>(owner: T, name: K, value: T[K]): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(owner, name, before);
    else delete owner[name];
  };
}

/** Lets what is only waiting for other promises settle. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
  await new Promise<void>((resolve) => void real.setTimeout(resolve, 0));
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
