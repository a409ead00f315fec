/**
 * Arms the capture of frames, once it has shown that it works here.
 *
 * @module
 */
import { builtinIfAny, type BuiltinModules, runtimeName } from "../../runtime.ts";
import type { CapturedFrame } from "../types.ts";
import { type Evaluate, indirectEval } from "../indirect_eval.ts";
import type { RateLimit } from "./rate_limit.ts";
import { captures, type Run } from "./captures.ts";
import { BOUNDARY, takeFrames, type TakenFrame } from "./paused_frames.ts";
import { hiddenMembers } from "./hidden_members.ts";
import { connect, type DebugSession, type Pause, quietly } from "./session.ts";

/** A capture that works. */
export interface Capturing {
  /** Whether another debugger is, or could be, attached from outside. */
  attached(): boolean;
  /** Stops on exceptions from now on, or no more. */
  listen(on: boolean): void;
  /** Works, so that what is thrown is this run's. */
  within<T>(run: Run, work: () => T): T;
  /** The run has ended. */
  settle(run: Run): void;
  /** The captures of a value that was thrown. */
  of(thrown: unknown): readonly (readonly CapturedFrame[])[];
  /** Lets go of everything. */
  close(): void;
}

// The engine takes no notice of exceptions that stay within these.
const PASSED_OVER = ["/node_modules/", "^node:"];

/** Does work in the context of a moment before. */
type Restore = <T>(work: () => T) => T;

/** Arms, or says why not. */
export function startCapture(most: number, storm: RateLimit): Capturing | { readonly off: string } {
  const name = runtimeName();
  // Deno's debugger in the same thread waits for ever at the first exception; Bun's never stops.
  if (name !== "Node") return { off: `frames can be kept alive on Node only, not on ${name}` };
  const inspector = builtinIfAny("node:inspector");
  const hooks = builtinIfAny("node:async_hooks");
  if (!inspector || !hooks) return { off: "this Node was built without its debugger" };
  // With a client that waits, the first exception would stop the process.
  if (inspector.url()) return { off: "another debugger is attached, or may be at any time" };
  try {
    return tried(capture(inspector, hooks, most, storm));
  } catch (error) {
    const denied = (error as { code?: unknown }).code === "ERR_ACCESS_DENIED";
    return {
      off: denied
        ? "this process has no permission to debug itself (--allow-inspector)"
        : `the debugger cannot be used: ${error instanceof Error ? error.message : "unknown"}`,
    };
  }
}

/** Named so that it is found in a stack, also after a bundler has renamed what it can. */
const within = { [BOUNDARY]: <T>(work: () => T): T => work() };

interface Capture extends Capturing {
  readonly session: DebugSession;
}

function capture(
  inspector: BuiltinModules["node:inspector"],
  { AsyncLocalStorage }: BuiltinModules["node:async_hooks"],
  most: number,
  storm: RateLimit,
): Capture {
  const context = new AsyncLocalStorage<Run>();
  let known = captures();
  // Held by the frame alone; and all are let go at once when this is replaced.
  let evaluators = new WeakMap<CapturedFrame, Evaluate>();
  let open = true;

  function onPause(pause: Pause): void {
    if (pause.reason !== "exception" && pause.reason !== "promiseRejection") return;
    // While this one rests, another capture may need the switch on.
    if (storm.remaining() > 0) return;
    if (storm.count(pause.callFrames.length)) session.pauseOnExceptions(false);
    const run = context.getStore();
    if (!run) return;
    const restore = AsyncLocalStorage.snapshot();
    const taken = takeFrames(session, pause, most);
    if (!taken || taken.frames.length === 0) return;
    known.add(taken.thrown, taken.frames.map((frame) => captured(frame, restore)), run);
  }
  function captured({ place, evaluator }: TakenFrame, restore: Restore): CapturedFrame {
    const frame: CapturedFrame = {
      ...place,
      evaluate(source) {
        const evaluate = evaluators.get(frame);
        if (!evaluate) throw new Error("nothing can be evaluated in this frame");
        return restore(() => quietly(() => evaluate(source)));
      },
      within: (work) => restore(work),
      hiddenMembers: (object) => open ? hiddenMembers(session, object) : [],
    };
    if (evaluator) evaluators.set(frame, evaluator);
    return frame;
  }

  const session = connect(inspector, onPause);
  session.post("Debugger.enable");
  return {
    session,
    attached: () => inspector.url() !== undefined,
    listen: (on) => {
      if (open) session.pauseOnExceptions(on);
    },
    within: (run, work) => context.run(run, within[BOUNDARY], work),
    settle: (run) => known.settle(run),
    of: (thrown) => known.of(thrown),
    close() {
      if (!open) return;
      session.pauseOnExceptions(false);
      open = false;
      session.close();
      [known, evaluators] = [captures(), new WeakMap()];
    },
  };
}

/** Throws a probe, and looks at its frame. Only then are libraries passed over: this may be one. */
function tried(capture: Capture): Capturing | { readonly off: string } {
  let caught: unknown;
  capture.listen(true);
  try {
    capture.within({ primitives: new Map(), ended: false }, probe);
  } catch (error) {
    caught = error;
  } finally {
    capture.listen(false);
  }
  try {
    if (capture.of(caught)[0]?.[0]?.evaluate("secret") === PROBE) {
      capture.session.post("Debugger.setBlackboxPatterns", { patterns: PASSED_OVER });
      return capture;
    }
  } catch { // Said below.
  }
  capture.close();
  return { off: whyNot() };
}

const PROBE = "handwerk";

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
