/**
 * Evaluation that keeps declarations. Each input that declares something is a scope around the next
 * ones, so that `let x` can be repeated.
 *
 * @module
 */
import type { Evaluate } from "../indirect_eval.ts";

/** Evaluates source within the scope of earlier declarations. */
export type ReplScope = ReturnType<typeof replScope>;

type Next = (evaluator: Evaluator) => void;
type Evaluator = (source: string, next: Next) => unknown;

// A plain name would hide a variable of the frame.
const [SOURCE, NEXT] = ["__handwerk_source__", "__handwerk_next__"];
const NESTED = `(${SOURCE},${NEXT})=>eval(${SOURCE})`;
const LAST = "_";

/**
 * Starts a chain of scopes.
 *
 * @param names Names for evaluated code, unless the frame has the same name.
 */
export function replScope(evaluate: Evaluate, names: Readonly<Record<string, unknown>>) {
  const known = { ...names, [LAST]: undefined };
  const free = Object.entries(known).filter(([name]) => isFree(evaluate, name));
  const remember = free.some(([name]) => name === LAST) ? `${LAST}=${SOURCE}` : "";
  const parameters = free.map(([name]) => name).join();
  const base = evaluate(`((${parameters})=>[${NESTED},(${SOURCE})=>{${remember}}])`) as (
    ...values: unknown[]
  ) => [Evaluator, (value: unknown) => void];
  let [current, setLast] = base(...free.map(([, value]) => value));
  const ignore: Next = () => undefined;
  return {
    /** Evaluates at once. */
    evaluate: (source: string): unknown => current(source, ignore),
    /** Runs statements, and keeps their declarations unless they throw. */
    declare(source: string): unknown {
      let nested = current;
      const value = current(`${NEXT}(${NESTED});${source}`, (next) => void (nested = next));
      current = nested;
      return value;
    },
    /** Runs statements with `await`, then an expression for the value; keeps the declarations. */
    async declareLater(body: string, tail: string): Promise<unknown> {
      const before = current;
      let nested = current;
      const value = tail === "" ? "[]" : `[(${tail}\n)]`;
      const source = `(async()=>{${NEXT}(${NESTED});${body}\nreturn ${value}})()`;
      // Boxed, so that a promise the user asked for is not awaited.
      const box = await (current(source, (next) => void (nested = next)) as Promise<unknown[]>);
      // Declarations that were made during the wait win.
      if (body !== "" && current === before) current = nested;
      return box[0];
    },
    /** Sets `_`. */
    remember: (value: unknown): void => setLast(value),
  };
}

/** Whether a frame does not define the name; `console` and the like may be the globals. */
function isFree(evaluate: Evaluate, name: string): boolean {
  try {
    if (evaluate(`typeof ${name}`) === "undefined") return true;
    const value: unknown = evaluate(name);
    return Object.hasOwn(globalThis, name) &&
      value === (globalThis as Record<string, unknown>)[name];
  } catch { // declared but not yet initialised
    return false;
  }
}
