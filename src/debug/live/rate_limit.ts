/**
 * Stops capturing when exceptions storm: each one costs milliseconds, and code that throws in a loop
 * would stand still.
 *
 * @module
 */

/** Counts exceptions, and says when there were too many. */
export interface RateLimit {
  /** Counts one, for more the deeper the stack is; true when it was the one too many. */
  count(depth: number): boolean;
  /** For how many milliseconds nothing is captured; 0 when all is well. */
  remaining(): number;
}

/** How many exceptions a second are captured. */
export const MAX_PER_SECOND = 50;
/** A stack so deep counts for two. */
const DEEP = 100;
/** The first rest, doubled each time that the storm goes on. */
const REST = 5000;
const LONGEST_REST = 80_000;

/** @param now The time in milliseconds. */
export function rateLimit(now: () => number): RateLimit {
  let [start, counted] = [now(), 0];
  let [until, rest] = [0, REST];
  return {
    count(depth) {
      const time = now();
      if (time < until) return false;
      if (time - start >= 1000) [start, counted] = [time, 0];
      // To describe a deep stack takes as long as to describe many.
      counted += 1 + Math.floor(depth / DEEP);
      if (counted <= MAX_PER_SECOND) return false;
      // A storm soon after the last one is the same storm.
      rest = until > 0 && time - until < rest ? Math.min(rest * 2, LONGEST_REST) : REST;
      until = time + rest;
      [start, counted] = [until, 0];
      return true;
    },
    remaining: () => Math.max(0, until - now()),
  };
}
