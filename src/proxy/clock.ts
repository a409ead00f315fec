/**
 * Time, so that tests need not wait for it.
 *
 * @module
 */

/** What tells the time and wakes up. */
export interface Clock {
  /** Milliseconds since any fixed moment; never runs backwards. */
  now(): number;
  /** Calls back once, after so many milliseconds. */
  setTimeout(callback: () => void, milliseconds: number): unknown;
  /** Forgets what `setTimeout` returned. */
  clearTimeout(timer: unknown): void;
}

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** Waits, or rejects as soon as the signal aborts. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clock.clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = clock.setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** setTimeout takes what does not fit into 31 bits for 1 ms. */
const LONGEST = 2 ** 31 - 1;

/**
 * The value of an option that is a number.
 *
 * @throws {TypeError} Naming the option and its bounds.
 */
export function within(
  option: string,
  value: number,
  least: number,
  most: number = LONGEST,
): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new TypeError(`${option} must be a number from ${least} to ${most}`);
}
