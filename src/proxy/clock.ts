/**
 * Timers, so that tests need not wait.
 *
 * @module
 */

/** What wakes up. */
export interface Clock {
  /** Calls back once, after so many milliseconds. */
  setTimeout(callback: () => void, milliseconds: number): unknown;
  /** Forgets what `setTimeout` returned. */
  clearTimeout(timer: unknown): void;
}

/** The clock of the runtime. */
export const systemClock: Clock = {
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** setTimeout takes what does not fit into 31 bits for 1 ms. */
const LONGEST = 2 ** 31 - 1;

/**
 * The value of an option that is a duration.
 *
 * @throws {TypeError} Naming the option.
 */
export function duration(option: string, value: number): number {
  if (typeof value === "number" && value >= 0 && value <= LONGEST) return value;
  throw new TypeError(`proxy: ${option} must be milliseconds, from 0 to ${LONGEST}`);
}
