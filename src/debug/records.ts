/**
 * The errors that a debugger keeps, each with its report and its live frames.
 *
 * @module
 */
import type { CapturedFrame, FrameCapture } from "./types.ts";
import type { Askable, LiveFrame } from "./commands.ts";
import type { FrameConsole } from "./console/mod.ts";
import { readRequest, redacted, type RequestModel } from "./redact.ts";
import { type FrameModel, modelOf, type Report } from "./model.ts";
import type { ReadText } from "./sources.ts";
import { readThrown } from "./thrown.ts";

/** An error that is kept. */
export interface ErrorRecord extends Askable {
  /** What is shown of it. */
  readonly report: Report;
  /** Whether any frame of it is alive. */
  readonly live: boolean;
  /** Lets go of its frames. */
  dispose(): void;
}

/** What records are made with. */
export interface RecordTools {
  /** Reads sources. */
  readonly readText: ReadText;
  /** The working directory. */
  readonly directory: string;
  /** The provider of live frames. */
  readonly frames: FrameCapture | undefined;
  /** Leaves frames out. */
  readonly hide: (frame: FrameModel) => boolean;
  /** Makes the console of a frame. */
  readonly createConsole: (
    evaluate: CapturedFrame["evaluate"],
    frame: CapturedFrame,
  ) => FrameConsole;
}

/** Makes the record of an error. */
export async function recordOf(
  error: unknown,
  request: Request,
  tools: RecordTools,
): Promise<ErrorRecord> {
  const { readText, directory, hide, frames, createConsole } = tools;
  const asked: RequestModel = readRequest(request);
  const model = await modelOf(readThrown(error), {
    readText,
    directory,
    hide,
    framesOf: (error) => frames?.framesOf(error) ?? [],
  });
  const live = new Map<number, CapturedFrame>(model.live);
  const consoles = new Map<number, LiveFrame>();
  return {
    report: {
      id: crypto.randomUUID(),
      time: new Date().toISOString(),
      error: model.error,
      request: redacted(asked),
    },
    live: live.size > 0,
    request: asked,
    frame(id) {
      const frame = live.get(id);
      if (!frame) return undefined;
      const known = consoles.get(id) ??
        { frame, console: createConsole(frame.evaluate.bind(frame), frame) };
      consoles.set(id, known);
      return known;
    },
    dispose() {
      for (const { console } of consoles.values()) console.dispose();
      consoles.clear();
      live.clear();
    },
  };
}
