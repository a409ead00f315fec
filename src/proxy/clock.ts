/**
 * Time, so that tests need not wait for it.
 *
 * @module
 */
import { type Check, like } from "../config.ts";

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

/** Checks an option that tells the time. */
export const tellsTime: Check = like("an object with now()", "now");

/** Checks an option that tells the time and wakes up. */
export const wakesUp: Check = like(
  "an object with now(), setTimeout() and clearTimeout()",
  "now",
  "setTimeout",
  "clearTimeout",
);
