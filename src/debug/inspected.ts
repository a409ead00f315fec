/**
 * A value as the debugger shows it: a tree that says what is there without calling any of it.
 *
 * @module
 */

/** A value, ready for JSON. */
export interface Inspected {
  /** What it is: `"string"`, `"number"`, `"object"`, `"array"`, `"map"`, `"function"`, `"getter"`, … */
  readonly kind: string;
  /** The value on one line, as a person would write it; cut when it is long. */
  readonly text: string;
  /** How many characters of a long text, or members of a large value, are not shown. */
  readonly more?: number;
  /** The members, as far as the depth goes; left out for what has none. */
  readonly members?: readonly Member[];
  /** Names this value in a later question for its members, when they are not here. */
  readonly id?: string;
}

/** One member of a value. */
export interface Member {
  /** The key as it is written: `name`, `[Symbol(x)]`, `#private`, `0`. */
  readonly key: string;
  /** What is there. */
  readonly value: Inspected;
}
