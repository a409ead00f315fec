/**
 * Ends what takes too long.
 *
 * @module
 */
import { builtinModule } from "../../runtime/builtins.ts";

/** Runs work that an endless loop cannot hold up. */
export type Limited = <T>(work: () => T) => T;

/** A limit for what runs at once; where the runtime has none, work just runs. */
export function syncLimit(milliseconds: number): Limited {
  const vm = builtinModule("node:vm");
  if (!vm) return (work) => work();
  let script: import("node:vm").Script;
  const holder: { work?: () => unknown } = {};
  let context: import("node:vm").Context;
  try {
    context = vm.createContext(holder);
    script = new vm.Script("work()");
  } catch { // Workers have the module, but nothing in it.
    return (work) => work();
  }
  return <T>(work: () => T): T => {
    const outer = holder.work;
    holder.work = work;
    try {
      return script.runInContext(context, { timeout: milliseconds }) as T;
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
