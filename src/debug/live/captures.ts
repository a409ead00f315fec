/**
 * Which frames belong to which error. Errors are remembered weakly: what nobody holds any more takes
 * its frames along.
 *
 * @module
 */
import type { CapturedFrame } from "../types.ts";

type Capture = readonly CapturedFrame[];

/** One run, which stands in the context of all that is done in it. */
export interface Run {
  /** The primitives that it has thrown. */
  readonly primitives: Map<unknown, Capture[]>;
  /** What it has begun may go on. */
  ended: boolean;
}

/** The captures of errors. */
export interface Captures {
  /** Adds a capture; a value may be thrown again and again. */
  add(thrown: unknown, frames: Capture, run: Run): void;
  /** A run has ended; the primitives that it threw can be asked for. */
  settle(run: Run): void;
  /** The captures of a value. */
  of(thrown: unknown): readonly Capture[];
}

/** A cached rejection may be thrown for ever; the first throws tell most. */
const MOST_THROWS = 4;
/** Primitives cannot be held weakly. */
const MOST_PRIMITIVES = 20;

/** Starts without any. */
export function captures(): Captures {
  const errors = new WeakMap<object, Capture[]>();
  const latest = new Map<unknown, Capture[]>();
  return {
    add(thrown, frames, { primitives, ended }) {
      if (!isObject(thrown)) return append(ended ? latest : primitives, thrown, frames);
      const known = errors.get(thrown) ?? [];
      if (known.length < MOST_THROWS) known.push(frames);
      errors.set(thrown, known);
    },
    settle(run) {
      run.ended = true;
      for (const [value, throws] of run.primitives) {
        latest.delete(value);
        latest.set(value, throws);
        forgetOldest(latest);
      }
      run.primitives.clear();
    },
    of: (thrown) => (isObject(thrown) ? errors.get(thrown) : latest.get(thrown)) ?? [],
  };
}

function append(primitives: Map<unknown, Capture[]>, value: unknown, frames: Capture): void {
  const known = primitives.get(value) ?? [];
  if (known.length < MOST_THROWS) known.push(frames);
  primitives.set(value, known);
  forgetOldest(primitives);
}

function forgetOldest(primitives: Map<unknown, Capture[]>): void {
  for (const oldest of primitives.keys()) {
    if (primitives.size <= MOST_PRIMITIVES) return;
    primitives.delete(oldest);
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
