/**
 * The only place where text becomes code: input of the console, and the lines of this library that
 * evaluate it in a frame.
 *
 * @module
 */

/** Evaluates source. Throws where the runtime forbids it. */
export type Evaluate = (source: string) => unknown;

/** The `eval` of this realm, which sees only globals. A frame may hide its name. */
export function indirectEval(): Evaluate {
  return Reflect.get(globalThis, "eval") as Evaluate;
}
