/**
 * Ends what takes too long.
 *
 * @module
 */
import { builtinIfAny } from "../../runtime.ts";

/** Runs work, for so many milliseconds at most. */
type Limited = (work: () => unknown, milliseconds: number) => unknown;

/** Made when it is first used, and kept: a context of its own is not small. */
let limited: Limited | undefined;

/**
 * Does work that an endless loop cannot hold up. Nothing that is ended cleans up after itself, not
 * even in a `finally`. Where a runtime cannot end work, it is just done.
 */
export function syncLimit<T>(work: () => T, milliseconds: number): T {
  limited ??= makeLimited();
  return limited(work, milliseconds) as T;
}

function makeLimited(): Limited {
  const vm = builtinIfAny("node:vm");
  const holder: { work?: () => unknown } = {};
  let context: import("node:vm").Context;
  try {
    if (!vm) return (work) => work();
    context = vm.createContext(holder);
  } catch { // Workers have the module, but nothing in it.
    return (work) => work();
  }
  const script = new vm.Script("work()");
  return (work, milliseconds) => {
    const outer = holder.work;
    holder.work = work;
    try {
      return script.runInContext(context, { timeout: milliseconds });
    } catch (error) {
      if (codeOf(error) === "ERR_SCRIPT_EXECUTION_TIMEOUT") throw tooLong(milliseconds);
      throw error;
    } finally {
      if (outer) holder.work = outer;
      else delete holder.work;
    }
  };
}

/** A limit for what waits. What went on too long goes on, but nobody waits for it. */
export async function asyncLimit<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLong(milliseconds)), milliseconds);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLong(milliseconds: number): DOMException {
  return new DOMException(`this took longer than ${milliseconds} ms`, "TimeoutError");
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
