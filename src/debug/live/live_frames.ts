/**
 * Frames that outlive their stack, on Node, with the engine's debugger in the same thread. No port is
 * opened. The debuggers of Deno and Bun are available only over a port, through which every user of
 * the machine could run code in the process.
 *
 * @module
 */
import type { Debugger } from "node:inspector";
import { builtinIfAny, type BuiltinModules, runtimeName } from "../../runtime.ts";
import { type Evaluate, indirectEval } from "../indirect_eval.ts";
import type { CapturedFrame, FrameCapture } from "../types.ts";
import { BOUNDARY, takeFrames, type TakenFrame } from "./paused_frames.ts";
import { DebugSession, hiddenMembers, quietly } from "./session.ts";

type Frames = readonly CapturedFrame[];

/** One call of `run`, which is the asynchronous context of everything done in it. */
interface Run {
  /** The captures of primitives that were thrown in it. */
  readonly primitives: Map<unknown, Frames[]>;
  /** Whether the call has ended; work that it started may continue. */
  ended: boolean;
}

type Capturing = Exclude<ReturnType<typeof capture>, Off>;
/** The reason why there is no capture. */
type Off = Exclude<FrameCapture["status"], "live">;

const ATTACHED = "another debugger is attached, or may be at any time";
/** The engine does not pause on exceptions that stay within these scripts. */
const IGNORED = ["/node_modules/", "^node:"];
/** A cached rejection may be thrown again and again; the first throws are kept. */
const MOST_THROWS = 4;
/** Primitives cannot be held weakly, so their number is bounded. */
const MOST_PRIMITIVES = 20;
const PROBE = "handwerk";
const MAX_PER_SECOND = 50;
/** Describing a stack of this depth takes as long as describing two. */
const DEEP = 100;
/** The first rest, in milliseconds. It is doubled while the exceptions continue. */
const REST = 5000;
const LONGEST_REST = 80_000;
/** A computed name survives the renaming of bundlers, so that it is found in stacks. */
const within = { [BOUNDARY]: <T>(work: () => T): T => work() };

/**
 * Keeps the frames of what is thrown alive. The first `run` or `status` starts the debugger and
 * tries it out.
 *
 * @param frames The number of frames of a stack.
 */
export function liveFrames(frames: number): FrameCapture {
  const limit = new RateLimit();
  let state: Capturing | Off | undefined;
  let running = 0;

  const started = (): Capturing | Off => state ??= startCapture(frames, limit);
  const status = (): FrameCapture["status"] => {
    const current = started();
    if ("off" in current) return current;
    if (current.attached()) return { off: ATTACHED };
    if (limit.remaining() === 0) return "live";
    return { off: `more than ${MAX_PER_SECOND} exceptions were thrown in a second` };
  };
  const leave = (current: Capturing, run: Run): void => {
    current.settle(run);
    if (--running === 0) current.listen(false);
  };
  return {
    get status() {
      return status();
    },
    run(work) {
      const current = started();
      if ("off" in current || status() !== "live") return work();
      const run: Run = { primitives: new Map(), ended: false };
      let later = false;
      running++;
      current.listen(true);
      // No `catch`: rethrowing would be captured as a throw of this function.
      try {
        const result = current.within(run, work);
        if (result instanceof Promise) {
          later = true;
          const left = (): void => leave(current, run);
          void result.then(left, left);
        }
        return result;
      } finally {
        if (!later) leave(current, run);
      }
    },
    framesOf: (error) => state && !("off" in state) ? state.of(error) : [],
  };
}

/** Starts a capture of `most` frames a stack. */
function startCapture(most: number, limit: RateLimit): Capturing | Off {
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
) {
  const context = new AsyncLocalStorage<Run>();
  // Weak: an error that is collected takes its frames along, and a frame its evaluator.
  const errors = new WeakMap<object, Frames[]>();
  const primitives = new Map<unknown, Frames[]>();
  const evaluators = new WeakMap<CapturedFrame, Evaluate>();

  function onPause(pause: Debugger.PausedEventDataType): void {
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

  const session = new DebugSession(inspector, onPause);
  const capturing = {
    /** Whether another debugger is attached, or may be at any time. */
    attached: (): boolean => inspector.url() !== undefined,
    /** Starts or stops pausing on exceptions. */
    listen: (on: boolean): void => session.pauseOnExceptions(on),
    /** Does work as part of a run. */
    within: <T>(run: Run, work: () => T): T => context.run(run, within[BOUNDARY], work),
    /** Ends a run. */
    settle(run: Run): void {
      run.ended = true;
      for (const [value, throws] of run.primitives) {
        primitives.delete(value);
        primitives.set(value, throws);
        forgetOldest(primitives);
      }
      run.primitives.clear();
    },
    /** The captures of a thrown value. */
    of: (thrown: unknown): readonly Frames[] =>
      (isObject(thrown) ? errors.get(thrown) : primitives.get(thrown)) ?? [],
  };
  // A probe shows whether it works.
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
      return capturing;
    }
  } catch { // `whyNot` finds the reason.
  }
  session.close();
  return { off: whyNot() };
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

/** Limits how many exceptions are captured. Each takes milliseconds, and some code throws in loops. */
export class RateLimit {
  #start = performance.now();
  #counted = 0;
  #until = 0;
  #rest = REST;

  /** Counts an exception, a deep stack more than once; returns whether the limit is exceeded. */
  count(depth: number): boolean {
    const time = performance.now();
    if (time < this.#until) return false;
    if (time - this.#start >= 1000) [this.#start, this.#counted] = [time, 0];
    this.#counted += 1 + Math.floor(depth / DEEP);
    if (this.#counted <= MAX_PER_SECOND) return false;
    const continues = this.#until > 0 && time - this.#until < this.#rest;
    this.#rest = continues ? Math.min(this.#rest * 2, LONGEST_REST) : REST;
    this.#until = time + this.#rest;
    [this.#start, this.#counted] = [this.#until, 0];
    return true;
  }

  /** The time in milliseconds in which nothing is captured. */
  remaining(): number {
    return Math.max(0, this.#until - performance.now());
  }
}
