/**
 * Text becomes code here and nowhere else: what a person typed into the console, and the few lines
 * of this library that carry it into a frame.
 *
 * @module
 */

/** Evaluates source where it can see globals only. Throws where a runtime forbids it. */
export type Evaluate = (source: string) => unknown;

/** The `eval` of this realm, which a frame may hide. */
export function indirectEval(): Evaluate {
  return Reflect.get(globalThis, "eval") as Evaluate;
}
