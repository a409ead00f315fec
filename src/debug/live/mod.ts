/**
 * Frames that outlive their stack, on Node.
 *
 * @module
 */
import type { CapturedFrame, FrameCapture } from "../capture.ts";
import { arm, type Armed } from "./arm.ts";
import { breaker, MOST_A_SECOND } from "./breaker.ts";
import type { Run } from "./captures.ts";

/** Options of {@link liveFrames}. */
export interface LiveFramesOptions {
  /** How many frames of a stack are kept. Default: 8. */
  readonly frames?: number;
  /** The time in milliseconds, for tests. Default: `Date.now`. */
  readonly now?: () => number;
}

/**
 * Keeps the frames of what is thrown alive, with the engine's own debugger in the same thread: no
 * port is opened. Node only; anywhere else `status` says so, and nothing is captured.
 *
 * The first `run`, or the first look at `status`, arms it and tries it out. It is off where another
 * debugger is attached, where the runtime forbids code from strings, or the debugger. While more
 * than 50 exceptions are thrown in a second, it rests.
 *
 * The debugger slows every `await` by about a microsecond, and every exception during a `run` by
 * some milliseconds. It is meant for development.
 */
export function liveFrames(options: LiveFramesOptions = {}): FrameCapture {
  const { frames = 8, now = Date.now } = options;
  if (!Number.isSafeInteger(frames) || frames < 1) {
    throw new TypeError("liveFrames: frames must be a whole number from 1; leave it out for 8");
  }
  const storm = breaker(now);
  let state: Armed | { readonly off: string } | undefined;
  let running = 0;

  const armed = (): Armed | { readonly off: string } => state ??= arm(frames, storm);
  const status = (): FrameCapture["status"] => {
    const current = armed();
    if ("off" in current) return current;
    if (current.attached()) return { off: "another debugger is attached, or may be at any time" };
    if (storm.remaining() === 0) return "live";
    return { off: `more than ${MOST_A_SECOND} exceptions were thrown in a second` };
  };
  const leave = (current: Armed, run: Run): void => {
    current.settle(run);
    if (--running === 0) current.listen(false);
  };
  return {
    get status() {
      return status();
    },
    run<T>(work: () => T): T {
      const current = armed();
      if ("off" in current || status() !== "live") return work();
      const run: Run = { primitives: new Map(), ended: false };
      let later = false;
      running++;
      current.listen(true);
      // No catch: throwing again what was caught would be captured as a throw of ours.
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
    framesOf(error: unknown): readonly (readonly CapturedFrame[])[] {
      return state && !("off" in state) ? state.of(error) : [];
    },
    dispose() {
      if (state && !("off" in state)) state.close();
      state = { off: "it was disposed of" };
    },
  };
}
