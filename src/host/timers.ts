/**
 * Timers that a process does not wait for.
 *
 * @module
 */

/** Lets the process end before the timer does, where a runtime would wait for it. */
export function unref(timer: unknown): void {
  const { Deno } = globalThis as { Deno?: { unrefTimer(timer: number): void } };
  if (typeof timer === "number") Deno?.unrefTimer(timer);
  else (timer as { unref?(): void } | null)?.unref?.();
}
