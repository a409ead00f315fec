/**
 * Frames that outlive their stack, on Node, with the engine's debugger in the same thread. No port is
 * opened. The debuggers of Deno and Bun are available only over a port, through which every user of
 * the machine could run code in the process.
 *
 * @module
 */
import type { FrameCapture } from "../types.ts";
import {
  ATTACHED,
  type Capturing,
  MAX_PER_SECOND,
  type Off,
  rateLimit,
  type Run,
  startCapture,
} from "./capture.ts";

/**
 * Keeps the frames of what is thrown alive. The first `run` or `status` starts the debugger and
 * tries it out.
 *
 * @param frames The number of frames of a stack.
 */
export function liveFrames(frames: number): FrameCapture {
  const limit = rateLimit();
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
