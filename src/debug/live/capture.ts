/**
 * Captures frames with the engine's debugger, after a probe has shown that this works here.
 *
 * @module
 */
import { builtinIfAny, type BuiltinModules, runtimeName } from "../../runtime.ts";
import { type Evaluate, indirectEval } from "../indirect_eval.ts";
import type { CapturedFrame } from "../types.ts";
import { BOUNDARY, takeFrames, type TakenFrame } from "./paused_frames.ts";
import { connect, type DebugSession, hiddenMembers, type Pause, quietly } from "./session.ts";

type Frames = readonly CapturedFrame[];

/** One call of `run`, which is the asynchronous context of everything done in it. */
export interface Run {
  /** The captures of primitives that were thrown in it. */
  readonly primitives: Map<unknown, Frames[]>;
  /** Whether the call has ended; work that it started may continue. */
  ended: boolean;
}

/** A capture that works. */
export interface Capturing {
  /** Whether another debugger is attached, or may be at any time. */
  attached(): boolean;
  /** Starts or stops pausing on exceptions. */
  listen(on: boolean): void;
  /** Does work as part of a run. */
  within<T>(run: Run, work: () => T): T;
  /** Ends a run. */
  settle(run: Run): void;
  /** The captures of a thrown value. */
  of(thrown: unknown): readonly Frames[];
}

/** The reason why there is no capture. */
export interface Off {
  readonly off: string;
}

/** Limits how many exceptions are captured. Each takes milliseconds, and some code throws in loops. */
export interface RateLimit {
  /** Counts an exception, a deep stack more than once; returns whether the limit is exceeded. */
  count(depth: number): boolean;
  /** The time in milliseconds in which nothing is captured. */
  remaining(): number;
}

export const ATTACHED = "another debugger is attached, or may be at any time";
/** The engine does not pause on exceptions that stay within these scripts. */
const IGNORED = ["/node_modules/", "^node:"];
/** A cached rejection may be thrown again and again; the first throws are kept. */
const MOST_THROWS = 4;
/** Primitives cannot be held weakly, so their number is bounded. */
const MOST_PRIMITIVES = 20;
const PROBE = "handwerk";
export const MAX_PER_SECOND = 50;
/** Describing a stack of this depth takes as long as describing two. */
const DEEP = 100;
/** The first rest, in milliseconds. It is doubled while the exceptions continue. */
const REST = 5000;
const LONGEST_REST = 80_000;
/** A computed name survives the renaming of bundlers, so that it is found in stacks. */
const within = { [BOUNDARY]: <T>(work: () => T): T => work() };

/** Starts a capture of `most` frames a stack. */
export function startCapture(most: number, limit: RateLimit): Capturing | Off {
  const name = runtimeName();
  // Deno's debugger hangs at the first exception of its own thread; Bun's never pauses.
  if (name !== "Node") return { off: `frames can be kept alive on Node only, not on ${name}` };
  const inspector = builtinIfAny("node:inspector");
  const hooks = builtinIfAny("node:async_hooks");
  if (!inspector || !hooks) return { off: "this Node was built without its debugger" };
  // A debugger that is attached would stop the process at the first exception.
  if (inspector.url()) return { off: ATTACHED };
  try {
    return capture(inspector, hooks, most, limit);
  } catch (error) {
    const denied = (error as { code?: unknown }).code === "ERR_ACCESS_DENIED";
    return {
      off: denied
        ? "this process has no permission to debug itself (--allow-inspector)"
        : `the debugger cannot be used: ${error instanceof Error ? error.message : "unknown"}`,
    };
  }
}

function capture(
  inspector: BuiltinModules["node:inspector"],
  { AsyncLocalStorage }: BuiltinModules["node:async_hooks"],
  most: number,
  limit: RateLimit,
): Capturing | Off {
  const context = new AsyncLocalStorage<Run>();
  // Weak: an error that is collected takes its frames along, and a frame its evaluator.
  const errors = new WeakMap<object, Frames[]>();
  const primitives = new Map<unknown, Frames[]>();
  const evaluators = new WeakMap<CapturedFrame, Evaluate>();

  function onPause(pause: Pause): void {
    if (pause.reason !== "exception" && pause.reason !== "promiseRejection") return;
    // Pauses happen during a rest too, if another capture needs them.
    if (limit.remaining() > 0) return;
    if (limit.count(pause.callFrames.length)) session.pauseOnExceptions(false);
    const run = context.getStore();
    if (!run) return;
    const restore = AsyncLocalStorage.snapshot();
    const taken = takeFrames(session, pause, most);
    if (!taken) return;
    const { thrown } = taken;
    const frames = taken.frames.map((frame) => captured(frame, restore));
    if (isObject(thrown)) errors.set(thrown, append(errors.get(thrown), frames));
    else {
      const known = run.ended ? primitives : run.primitives;
      known.set(thrown, append(known.get(thrown), frames));
      forgetOldest(known);
    }
  }
  function captured(
    { place, evaluator }: TakenFrame,
    restore: <T>(work: () => T) => T,
  ): CapturedFrame {
    const frame: CapturedFrame = {
      ...place,
      evaluate(source) {
        const evaluate = evaluators.get(frame);
        if (!evaluate) throw new Error("nothing can be evaluated in this frame");
        return restore(() => quietly(() => evaluate(source)));
      },
      within: (work) => restore(work),
      hiddenMembers: (object) => hiddenMembers(session, object),
    };
    if (evaluator) evaluators.set(frame, evaluator);
    return frame;
  }

  const session = connect(inspector, onPause);
  session.post("Debugger.enable");
  const capturing: Capturing = {
    attached: () => inspector.url() !== undefined,
    listen: (on) => session.pauseOnExceptions(on),
    within: (run, work) => context.run(run, within[BOUNDARY], work),
    settle(run) {
      run.ended = true;
      for (const [value, throws] of run.primitives) {
        primitives.delete(value);
        primitives.set(value, throws);
        forgetOldest(primitives);
      }
      run.primitives.clear();
    },
    of: (thrown) => (isObject(thrown) ? errors.get(thrown) : primitives.get(thrown)) ?? [],
  };
  return works(capturing, session) ? capturing : { off: whyNot() };
}

/** Throws a probe and evaluates in its frame. */
function works(capturing: Capturing, session: DebugSession): boolean {
  let caught: unknown;
  capturing.listen(true);
  try {
    capturing.within({ primitives: new Map(), ended: false }, probe);
  } catch (error) {
    caught = error;
  } finally {
    capturing.listen(false);
  }
  try {
    if (capturing.of(caught)[0]?.[0]?.evaluate("secret") === PROBE) {
      // Not before the probe, which may itself be in node_modules.
      session.post("Debugger.setBlackboxPatterns", { patterns: IGNORED });
      return true;
    }
  } catch { // `whyNot` finds the reason.
  }
  session.close();
  return false;
}

function probe(): never {
  const secret = PROBE;
  throw new Error(`${secret} tries its debugger`);
}

function whyNot(): string {
  try {
    indirectEval()("0");
  } catch {
    return "this process forbids code generation from strings";
  }
  return "the debugger of this runtime did not stop at an exception";
}

function append(throws: Frames[] | undefined, frames: Frames): Frames[] {
  return throws && throws.length >= MOST_THROWS ? throws : [...throws ?? [], frames];
}

function forgetOldest(primitives: Map<unknown, Frames[]>): void {
  for (const oldest of primitives.keys()) {
    if (primitives.size <= MOST_PRIMITIVES) return;
    primitives.delete(oldest);
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Makes a rate limit. */
export function rateLimit(): RateLimit {
  let [start, counted] = [performance.now(), 0];
  let [until, rest] = [0, REST];
  return {
    count(depth) {
      const time = performance.now();
      if (time < until) return false;
      if (time - start >= 1000) [start, counted] = [time, 0];
      counted += 1 + Math.floor(depth / DEEP);
      if (counted <= MAX_PER_SECOND) return false;
      rest = until > 0 && time - until < rest ? Math.min(rest * 2, LONGEST_REST) : REST;
      until = time + rest;
      [start, counted] = [until, 0];
      return true;
    },
    remaining: () => Math.max(0, until - performance.now()),
  };
}
