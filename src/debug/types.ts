/**
 * The seam between the debugger and a runtime that can keep the frames of a stack alive.
 *
 * @module
 */

/** Captures the frames of what is thrown, where a runtime can. */
export interface FrameCapture {
  /** `"live"` while frames are captured; else why they are not, for people. */
  readonly status: "live" | { readonly off: string };
  /** Does work; what is thrown meanwhile, also later on its behalf, is captured. */
  run<T>(work: () => T): T;
  /** The captures of an error, one for each time that it was thrown; the first throw comes first. */
  framesOf(error: unknown): readonly (readonly CapturedFrame[])[];
  /** Lets go of all frames, and captures no more. */
  dispose(): void;
}

/** One frame of a stack, kept alive. */
export interface CapturedFrame {
  /** The URL or the path of the script that ran. */
  readonly url: string;
  /** The line in it, from 1. */
  readonly line: number;
  /** The column in the line, from 1. */
  readonly column: number;
  /** The name of the function, or `""`. */
  readonly name: string;
  /** The names that can be read in the frame, the innermost scope first. */
  readonly scopes: readonly Scope[];
  /**
   * Evaluates source in the frame, as `eval` would, and throws what it throws. What it declares
   * is gone afterwards; a console keeps it.
   */
  readonly evaluate: (source: string) => unknown;
  /**
   * Does work with what `AsyncLocalStorage` held when the frame was captured, as `evaluate` does.
   * Left out where there is no such thing.
   */
  readonly within?: <T>(work: () => T) => T;
  /**
   * Finds what of an object is hidden, by name: private members, the state of a promise, the target
   * of a Proxy. Left out where nothing can.
   */
  readonly hiddenMembers?: (
    object: object,
  ) => readonly (readonly [name: string, value: unknown])[];
}

/** The names of one scope. */
export interface Scope {
  /** The kind: `"local"`, `"block"`, `"catch"`, `"closure"`, … */
  readonly kind: string;
  /** The names. */
  readonly names: readonly string[];
}
