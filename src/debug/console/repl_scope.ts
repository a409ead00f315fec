/**
 * Evaluation in which declarations stay: each input that declares something is a scope around those
 * that follow, so that `let x` can be said again.
 *
 * @module
 */
import type { Evaluate } from "../indirect_eval.ts";

/** Evaluates source around everything that was declared before. */
export interface ReplScope {
  /** Evaluates at once. */
  readonly evaluate: (source: string) => unknown;
  /** Runs statements; what they declare stays, unless they throw. */
  readonly declare: (source: string) => unknown;
  /** Runs what may wait: statements, and an expression for the value. What they declare stays. */
  declareLater(body: string, tail: string): Promise<unknown>;
  /** Sets `_`. */
  remember(value: unknown): void;
}

type Next = (evaluator: Evaluator) => void;
type Evaluator = (source: string, next: Next) => unknown;

// A plain name would hide a variable of the frame.
const [SOURCE, NEXT] = ["__handwerk_source__", "__handwerk_next__"];
const NESTED = `(${SOURCE},${NEXT})=>eval(${SOURCE})`;
const LAST = "_";

/**
 * Starts a chain.
 *
 * @param evaluate Evaluates in a frame, or nowhere in particular.
 * @param names What is to be had by name, unless the frame has that name.
 */
export function replScope(
  evaluate: Evaluate,
  names: Readonly<Record<string, unknown>>,
): ReplScope {
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
    evaluate: (source) => current(source, ignore),
    declare(source) {
      let nested = current;
      const value = current(`${NEXT}(${NESTED});${source}`, (next) => void (nested = next));
      current = nested;
      return value;
    },
    async declareLater(body, tail) {
      const before = current;
      let nested = current;
      const value = tail === "" ? "[]" : `[(${tail}\n)]`;
      const source = `(async()=>{${NEXT}(${NESTED});${body}\nreturn ${value}})()`;
      // In a box, since a promise in the hand of the one who typed it stays one.
      const box = await (current(source, (next) => void (nested = next)) as Promise<unknown[]>);
      // What was declared while this waited counts more.
      if (body !== "" && current === before) current = nested;
      return box[0];
    },
    remember: (value) => setLast(value),
  };
}

/** Whether a frame has no such name; of `console` and the like, no other than everyone has. */
function isFree(evaluate: Evaluate, name: string): boolean {
  try {
    if (evaluate(`typeof ${name}`) === "undefined") return true;
    const value: unknown = evaluate(name);
    return Object.hasOwn(globalThis, name) &&
      value === (globalThis as Record<string, unknown>)[name];
  } catch { // declared, and not yet initialised
    return false;
  }
}
