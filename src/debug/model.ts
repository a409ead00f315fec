/**
 * Makes the model of an error: what was thrown, with its frames located and matched to live frames.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { classify, createLocator, fileOf, type ReadText } from "./sources.ts";
import type { Thrown } from "./thrown.ts";
import type { CapturedFrame, ErrorModel, FrameModel, StackLine } from "./types.ts";

/** The environment of a report. */
export interface ModelTools {
  readonly readText: ReadText;
  /** The working directory, or `""`. */
  readonly directory: string;
  readonly filterFrame: (frame: FrameModel) => boolean;
  /** The live frames of an error, one list for each throw. */
  readonly framesOf: (error: unknown) => readonly (readonly CapturedFrame[])[];
}

/** A model, and its live frames by their id. */
export interface Modelled {
  readonly error: ErrorModel;
  readonly live: ReadonlyMap<number, CapturedFrame>;
}

/** Makes the model of what was thrown. */
export async function modelOf(thrown: Thrown, tools: ModelTools): Promise<Modelled> {
  const locate = createLocator(tools.readText);
  const live = new Map<number, CapturedFrame>();
  let count = 0;
  const framesOf = async (pairs: readonly Pair[]): Promise<FrameModel[]> => {
    const frames: FrameModel[] = [];
    for (const [stackLine, captured] of pairs) {
      const located = await locate(stackLine);
      const id = count++;
      if (captured) live.set(id, captured);
      const shortFile = shortName(located.file, tools.directory);
      const frame: FrameModel = { id, ...located, shortFile, live: captured !== undefined };
      if (requireSync("debug: filterFrame", tools.filterFrame(frame))) frames.push(frame);
    }
    return frames;
  };
  const model = async (thrown: Thrown): Promise<ErrorModel> => {
    const { name, message, note, details } = thrown;
    const [own, elsewhere] = pair(thrown.lines, tools.framesOf(thrown.value));
    const frames = await framesOf(own);
    const thrownAt = await framesOf(elsewhere);
    const related: ErrorModel["related"][number][] = [];
    for (const { relation, thrown: carried } of thrown.related) {
      related.push({ relation, error: await model(carried) });
    }
    return { name, message, note, details, frames, thrownAt, related };
  };
  return { error: await model(thrown), live };
}

/** A file relative to the working directory, if it is below. */
export function shortName(file: string, directory: string): string {
  const below = directory === "" || directory === "/" ? "" : `${directory}/`;
  return below !== "" && file.startsWith(below) ? file.slice(below.length) : file;
}

type Pair = [line: StackLine, captured: CapturedFrame | undefined];

/**
 * Matches captured frames to the lines of the stack. An error can be thrown far from where it was
 * made, so frames without a line are returned separately.
 */
function pair(
  lines: readonly StackLine[],
  captures: readonly (readonly CapturedFrame[])[],
): [own: Pair[], elsewhere: Pair[]] {
  const own = lines.map((line): Pair => [line, undefined]);
  const elsewhere: Pair[] = [];
  for (const capture of captures) {
    // In a stack that the runtime has mapped to the sources, only the names stay the same.
    const mapped = !capture.some((frame) => own.some(([line]) => isAt(line, frame)));
    for (const frame of capture) {
      const there = own.filter(([line]) => mapped ? isNamed(line, frame) : isAt(line, frame));
      const free = there.find(([, taken]) => !taken);
      if (free) free[1] = frame;
      else if (there.length === 0 && !elsewhere.some(([line]) => isAt(line, frame))) {
        const { name, url, line, column } = frame;
        elsewhere.push([{ name, url, line, column, awaiting: false }, frame]);
      }
    }
  }
  return [own, elsewhere];
}

function isAt(at: StackLine, { url, line }: CapturedFrame): boolean {
  return at.line === line && fileOf(at.url) === fileOf(url);
}

function isNamed(at: StackLine, { name }: CapturedFrame): boolean {
  const [last] = at.name.replace(/ \[as .*\]$/, "").split(/[. ]/).slice(-1);
  return name !== "" && last === name && classify(at.url) === "application";
}
