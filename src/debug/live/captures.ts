/**
 * Which frames belong to which error. Errors are remembered weakly: what nobody holds any more takes
 * its frames along.
 *
 * @module
 */
import type { CapturedFrame } from "../capture.ts";

type Capture = readonly CapturedFrame[];

/** The primitives that one run has thrown. */
export type Primitives = Map<unknown, Capture[]>;

/** The captures of errors. */
export interface Captures {
  /** Adds a capture; a value may be thrown again and again. */
  add(thrown: unknown, frames: Capture, primitives: Primitives): void;
  /** A run has ended; the primitives that it threw can be asked for. */
  settle(primitives: Primitives): void;
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
  const latest: Primitives = new Map();
  return {
    add(thrown, frames, primitives) {
      if (!isObject(thrown)) return append(primitives, thrown, frames);
      const known = errors.get(thrown) ?? [];
      if (known.length < MOST_THROWS) known.push(frames);
      errors.set(thrown, known);
    },
    settle(primitives) {
      for (const [value, throws] of primitives) {
        latest.delete(value);
        latest.set(value, throws);
      }
      primitives.clear();
      for (const value of latest.keys()) {
        if (latest.size <= MOST_PRIMITIVES) break;
        latest.delete(value);
      }
    },
    of: (thrown) => (isObject(thrown) ? errors.get(thrown) : latest.get(thrown)) ?? [],
  };
}

function append(primitives: Primitives, value: unknown, frames: Capture): void {
  const known = primitives.get(value);
  if (known) {
    if (known.length < MOST_THROWS) known.push(frames);
  } else if (primitives.size < MOST_PRIMITIVES) primitives.set(value, [frames]);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
