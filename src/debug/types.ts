/**
 * The types that several files of the debugger share: what is shown of an error, and the frames of
 * it that are kept alive.
 *
 * @module
 */

/** Whose code a frame is: the application's, a library's, or the runtime's. */
export type FrameKind = "application" | "library" | "runtime";

/** How an error belongs to the one that it is shown under. */
export type Relation = "cause" | "member" | "error" | "suppressed";

/** Lines of a source. */
export interface Excerpt {
  /** The number of the first line, from 1. */
  readonly first: number;
  /** The lines, without their ends. */
  readonly lines: readonly string[];
}

/** A frame of a stack. */
export interface FrameModel {
  /** Identifies the frame within its report. */
  readonly id: number;
  /** The name of the function, or `""`. */
  readonly name: string;
  /** The path of the file, or the runtime's name for it. */
  readonly file: string;
  /** The file relative to the working directory. */
  readonly shortFile: string;
  /** The line, from 1; 0 when it is unknown. */
  readonly line: number;
  /** The column, from 1; 0 when it is unknown. */
  readonly column: number;
  /** Whose code it is. */
  readonly kind: FrameKind;
  /** Whether the function only awaits the frame above. */
  readonly awaiting: boolean;
  /** Whether the frame is kept alive, so that its variables can be read. */
  readonly live: boolean;
  /** The lines around the position, when the source can be read. */
  readonly excerpt: Excerpt | undefined;
}

/** An error, and the errors that it carries. */
export interface ErrorModel {
  /** The name, such as `TypeError`. */
  readonly name: string;
  /** The message. */
  readonly message: string;
  /** A remark, such as why there is no stack. */
  readonly note: string | undefined;
  /** Further properties, such as `code`. */
  readonly details: readonly (readonly [name: string, text: string])[];
  /** The frames, the innermost first. */
  readonly frames: readonly FrameModel[];
  /** The frames where it was thrown, if that was not where it was made. */
  readonly thrownAt: readonly FrameModel[];
  /** The errors that it carries. */
  readonly related: readonly { readonly relation: Relation; readonly error: ErrorModel }[];
}

/** The request that failed, as far as the debugger shows it. */
export interface RequestModel {
  /** The method. */
  readonly method: string;
  /** The URL. */
  readonly url: string;
  /** The headers. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Everything that is shown of one failure. */
export interface Report {
  /** Identifies the report: a random UUID. */
  readonly id: string;
  /** The time of the failure, in ISO 8601. */
  readonly time: string;
  /** What was thrown. */
  readonly error: ErrorModel;
  /** The request that failed, with its secrets masked. */
  readonly request: RequestModel;
}

/** One line of a stack. */
export interface StackLine extends Pick<FrameModel, "name" | "line" | "column" | "awaiting"> {
  /** The URL or the path of the script; `""` when it is unknown. */
  readonly url: string;
}

/** Keeps the frames of what is thrown alive. */
export interface FrameCapture {
  /** `"live"` while frames are captured; otherwise the reason why not. */
  readonly status: "live" | { readonly off: string };
  /** Does work. What is thrown in it, also later on its behalf, is captured. */
  run<T>(work: () => T): T;
  /** The captures of an error, one for each time that it was thrown, the first one first. */
  framesOf(error: unknown): readonly (readonly CapturedFrame[])[];
}

/** A frame that is kept alive. */
export interface CapturedFrame extends Omit<StackLine, "awaiting"> {
  /** The names that can be read in the frame, the innermost scope first. */
  readonly scopes: readonly Scope[];
  /** Evaluates source in the frame, as `eval` would. Declarations are lost; a console keeps them. */
  readonly evaluate: (source: string) => unknown;
  /** Does work with the values that `AsyncLocalStorage` had when the frame was captured. */
  readonly within?: <T>(work: () => T) => T;
  /** Private members, the state of a promise, the target of a Proxy. */
  readonly hiddenMembers?: (object: object) => readonly HiddenMember[];
}

/** A member that the language cannot read from outside. */
export type HiddenMember = readonly [name: string, value: unknown];

/** The names of one scope. */
export interface Scope {
  /** The kind: `"local"`, `"block"`, `"catch"`, `"closure"`, … */
  readonly kind: string;
  /** The names. */
  readonly names: readonly string[];
}

/** A value as the page shows it, ready for JSON. */
export interface Inspected {
  /** `"string"`, `"number"`, `"object"`, `"array"`, `"map"`, `"function"`, `"getter"`, … */
  readonly kind: string;
  /** The value on one line, cut when it is long. */
  readonly text: string;
  /** The number of characters or members that are not shown. */
  readonly more?: number;
  /** The members, as far as the depth goes. */
  readonly members?: readonly Member[];
  /** Identifies the value in a later question for its members. */
  readonly id?: string;
}

/** One member of a value. */
export interface Member {
  /** The key as it is written: `name`, `[Symbol(x)]`, `#private`, `0`. */
  readonly key: string;
  /** The value. */
  readonly value: Inspected;
}
