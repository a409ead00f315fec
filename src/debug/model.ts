/**
 * An error as it is shown, on a page, in a terminal or as data.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import type { CapturedFrame } from "./types.ts";
import { classify, fileOf, type FrameKind, shortName } from "./classify.ts";
import { createLocator, type Excerpt, type LocatedLine, type ReadText } from "./sources.ts";
import type { RequestModel } from "./redact.ts";
import type { StackLine } from "./stack.ts";
import type { Relation, Thrown } from "./thrown.ts";

/** A frame of a stack. */
export interface FrameModel {
  /** Names the frame in its error. */
  readonly id: number;
  /** The name of the function, or `""`. */
  readonly name: string;
  /** The path of the file, or what the runtime calls it. */
  readonly file: string;
  /** The file as people call it: from the working directory. */
  readonly shortFile: string;
  /** The line, from 1; 0 when it is unknown. */
  readonly line: number;
  /** The column, from 1; 0 when it is unknown. */
  readonly column: number;
  /** Whose code it is. */
  readonly kind: FrameKind;
  /** Whether the function only awaits what the frame above does. */
  readonly awaiting: boolean;
  /** Whether it was kept alive, so that its variables can be read. */
  readonly live: boolean;
  /** The lines around, when they can be read. */
  readonly excerpt: Excerpt | undefined;
}

/** An error, and the errors that it carries. */
export interface ErrorModel {
  /** The name: `TypeError`. */
  readonly name: string;
  /** The message. */
  readonly message: string;
  /** What a person should know, such as why there is no stack. */
  readonly note: string | undefined;
  /** Further properties, such as `code`. */
  readonly details: readonly (readonly [name: string, text: string])[];
  /** The frames, the innermost first. */
  readonly frames: readonly FrameModel[];
  /** Where it was thrown, when that was not where it was made. */
  readonly thrownAt: readonly FrameModel[];
  /** The errors that it carries. */
  readonly related: readonly { readonly relation: Relation; readonly error: ErrorModel }[];
}

/** All that is known about one failure. */
export interface Report {
  /** Names it: a random UUID. */
  readonly id: string;
  /** When it happened, in ISO 8601. */
  readonly time: string;
  /** What was thrown. */
  readonly error: ErrorModel;
  /** The request that failed, with its secrets masked. */
  readonly request: RequestModel;
}

/** What a model is made with. */
export interface ModelTools {
  /** Reads sources. */
  readonly readText: ReadText;
  /** The working directory, or `""`. */
  readonly directory: string;
  /** Leaves frames out. */
  readonly hide: (frame: FrameModel) => boolean;
  /** The frames that were kept alive, one list for each throw. */
  readonly framesOf: (error: unknown) => readonly (readonly CapturedFrame[])[];
}

/** A model, and its live frames by their id. */
export interface Modelled {
  /** The model. */
  readonly error: ErrorModel;
  /** The frames. */
  readonly live: ReadonlyMap<number, CapturedFrame>;
}

/** Makes the model of what was thrown. */
export async function modelOf(thrown: Thrown, tools: ModelTools): Promise<Modelled> {
  const locate = createLocator(tools.readText);
  const live = new Map<number, CapturedFrame>();
  let count = 0;
  const frame = (located: LocatedLine, captured: CapturedFrame | undefined): FrameModel => {
    const { name, file, line, column, awaiting, excerpt } = located;
    const id = count++;
    if (captured) live.set(id, captured);
    const kind = classify(located.url === file ? file : located.url);
    const shortFile = shortName(file, tools.directory);
    return { id, name, file, shortFile, line, column, kind, awaiting, live: !!captured, excerpt };
  };
  const model = async (thrown: Thrown): Promise<ErrorModel> => {
    const [own, elsewhere] = pair(thrown.lines, tools.framesOf(thrown.value));
    const frames: FrameModel[] = [];
    const thrownAt: FrameModel[] = [];
    for (const [line, captured] of own) frames.push(frame(await locate(line), captured));
    for (const [line, captured] of elsewhere) thrownAt.push(frame(await locate(line), captured));
    const related: { relation: Relation; error: ErrorModel }[] = [];
    for (const { relation, thrown: carried } of thrown.related) {
      related.push({ relation, error: await model(carried) });
    }
    const { name, message, note, details } = thrown;
    const shown = (frame: FrameModel): boolean => !requireSync("debug: hide", tools.hide(frame));
    return {
      name,
      message,
      note,
      details,
      frames: frames.filter(shown),
      thrownAt: thrownAt.filter(shown),
      related,
    };
  };
  return { error: await model(thrown), live };
}

type Paired = [line: StackLine, captured: CapturedFrame | undefined];

/**
 * Finds the lines of the stack that the captured frames are. An error can be thrown far from where
 * it was made: frames that are in no line come apart.
 */
function pair(
  lines: readonly StackLine[],
  captures: readonly (readonly CapturedFrame[])[],
): [own: Paired[], elsewhere: Paired[]] {
  const own = lines.map((line): Paired => [line, undefined]);
  const elsewhere: Paired[] = [];
  for (const capture of captures) {
    // Where the runtime maps the stack to what was written, names are all that stays the same.
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
