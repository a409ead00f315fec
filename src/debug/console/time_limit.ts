/**
 * Time limits for evaluated code.
 *
 * @module
 */
import { builtinIfAny } from "../../runtime.ts";

type Limited = (work: () => unknown, milliseconds: number) => unknown;
/** Made once, because a `vm` context is large. */
let limited: Limited | undefined;

/**
 * Does synchronous work within a time limit, which also ends endless loops. Code that is ended does
 * not run its `finally` blocks. Runtimes without `vm` have no limit.
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
  } catch { // Workers have the module without its functions.
    return (work) => work();
  }
  const script = new vm.Script("work()");
  return (work, milliseconds) => {
    const outer = holder.work;
    holder.work = work;
    try {
      return script.runInContext(context, { timeout: milliseconds });
    } catch (error) {
      const { code } = (error ?? {}) as { readonly code?: unknown };
      if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") throw tooLong(milliseconds);
      throw error;
    } finally {
      if (outer) holder.work = outer;
      else delete holder.work;
    }
  };
}

/** Waits for work within a time limit. Work that takes longer continues, but is not awaited. */
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
