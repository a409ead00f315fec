/**
 * Frames that outlive their stack, on Node.
 *
 * @module
 */
import { callback, checkOptions, type Checks, whole } from "../../config.ts";
import type { CapturedFrame, FrameCapture } from "../types.ts";
import { type Capturing, startCapture } from "./capture.ts";
import { MAX_PER_SECOND, rateLimit } from "./rate_limit.ts";
import type { Run } from "./captures.ts";

/** Options of {@linkcode liveFrames}. */
export interface LiveFramesOptions {
  /** How many frames of a stack are kept. Default: 8. */
  readonly frames?: number;
  /** The time in milliseconds, for tests. Default: `performance.now`. */
  readonly now?: () => number;
}

const OPTIONS: Checks<LiveFramesOptions> = { frames: whole(1), now: callback };

/**
 * Keeps the frames of what is thrown alive, with the engine's own debugger in the same thread: no
 * port is opened. On Node only; anywhere else `status` says so, and nothing is captured. On Deno and
 * Bun the debugger is to be had over a port alone, through which every user of the machine could run
 * code in the process, so it is left alone there.
 *
 * The first `run`, or the first look at `status`, arms it and tries it out. It is off where another
 * debugger is attached, or may be, and where the process may not debug itself or make code from
 * text. After more than 50 exceptions in a second, it rests for five seconds; after the next, longer.
 *
 * - Frames are those of the synchronous part of the stack, without `node_modules`. A function that
 *   awaits the one that throws has none, unless it catches the error and throws it again.
 * - A value is as it is when it is looked at, not as it was. What the engine has optimised away, and
 *   what a function does not use of the scopes around it, is gone.
 * - Frames live for as long as the error is held, and hold what they can see.
 * - Armed, each `await` of the process takes about a microsecond longer; during a `run`, each
 *   exception takes one or two milliseconds. It is meant for development.
 *
 * @param options See {@linkcode LiveFramesOptions}.
 * @returns The capture, for the `live` option of `debug`.
 * @throws {TypeError} When an option is wrong.
 *
 * @example
 * ```ts
 * import { liveFrames } from "@handwerk/handwerk/debug";
 *
 * const frames = liveFrames();
 * const total = (prices: number[]): number => {
 *   const sum = prices.reduce((sum, price) => sum + price);
 *   if (sum > 5) throw new RangeError("too much");
 *   return sum;
 * };
 * try {
 *   frames.run(() => total([1, 2, 3]));
 * } catch (error) {
 *   const [frame] = frames.framesOf(error)[0] ?? [];
 *   console.log(frame?.name, frame?.evaluate("sum * prices.length")); // total 18
 * }
 * frames.dispose();
 * ```
 */
export function liveFrames(options: LiveFramesOptions = {}): FrameCapture {
  checkOptions("liveFrames", options, OPTIONS);
  const { frames = 8, now = () => performance.now() } = options;
  const storm = rateLimit(now);
  let state: Capturing | { readonly off: string } | undefined;
  let running = 0;

  const armed = (): Capturing | { readonly off: string } => state ??= startCapture(frames, storm);
  const status = (): FrameCapture["status"] => {
    const current = armed();
    if ("off" in current) return current;
    if (current.attached()) return { off: "another debugger is attached, or may be at any time" };
    if (storm.remaining() === 0) return "live";
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
