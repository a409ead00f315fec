/**
 * Takes frames from a stack that stands still, so that they live on after it has gone.
 *
 * @module
 */
import type { CapturedFrame, Scope } from "../types.ts";
import { type Evaluate, indirectEval } from "../indirect_eval.ts";
import { takeValues } from "./values.ts";
import {
  type CallFrame,
  type DebugSession,
  GROUP,
  type Pause,
  type RemoteObject,
} from "./session.ts";

/** The name of the function that work is done in. */
export const BOUNDARY = "handwerkRun";

/** A frame that was taken. */
export interface TakenFrame {
  readonly place: Pick<CapturedFrame, "url" | "line" | "column" | "name" | "scopes">;
  readonly evaluator: Evaluate | undefined;
}

/** What was thrown, and the frames that it was thrown in. */
export interface Taken {
  readonly thrown: unknown;
  readonly frames: readonly TakenFrame[];
}

// A parameter with a plain name would hide a variable of the frame.
const SOURCE = "__handwerk_source__";
const PLAIN = `((${SOURCE})=>eval(${SOURCE}))`;
// For a frame that has an `eval` of its own: in sloppy code, and only there can one be, a call of a
// parameter `eval` that is the true one is a direct call.
const SHIELDED = `((eval)=>(${SOURCE})=>eval(${SOURCE}))`;
/** Scopes that are not the whole world. */
const KINDS = new Set(["local", "block", "catch", "closure", "module", "eval", "with"]);
/** A scope with more names is cut. */
const MOST_NAMES = 200;
const LIBRARY = /[\\/]node_modules[\\/]/;

/** Takes the frames of the application; when it has none, those of its libraries. */
export function takeFrames(
  session: DebugSession,
  { callFrames, data }: Pause,
  most: number,
): Taken | undefined {
  // What is below is the host that called, not what was called.
  const end = callFrames.findIndex(({ functionName }) => functionName === BOUNDARY);
  const located = callFrames.slice(0, end === -1 ? undefined : end)
    .map((frame) => ({ frame, url: session.urlOf(frame.location.scriptId) }))
    .filter(({ url }) => url !== "" && !url.startsWith("node:"));
  const own = located.filter(({ url }) => !LIBRARY.test(url));
  const chosen = (own.length > 0 ? own : located).slice(0, most);
  if (chosen.length === 0) return undefined;
  const scopes = chosen.map(({ frame }) => scopesOf(session, frame));
  const closures = chosen.map(({ frame }, index) => closureIn(session, frame, scopes[index] ?? []));
  const [thrown, ...evaluators] = takeValues(session, [data, ...closures]);
  if (thrown === undefined) return undefined;
  return {
    thrown: thrown[0],
    frames: chosen.map(({ frame: { location, functionName }, url }, index) => ({
      place: {
        url,
        line: location.lineNumber + 1,
        column: (location.columnNumber ?? 0) + 1,
        name: functionName,
        scopes: scopes[index] ?? [],
      },
      evaluator: evaluatorOf(evaluators[index]?.[0], scopes[index] ?? []),
    })),
  };
}

const hasEval = (scopes: readonly Scope[]): boolean =>
  scopes.some(({ names }) => names.includes("eval"));

/** A closure made in the frame; it sees what the frame sees for as long as it lives. */
function closureIn(
  session: DebugSession,
  { callFrameId }: CallFrame,
  scopes: readonly Scope[],
): RemoteObject | undefined {
  const expression = hasEval(scopes) ? SHIELDED : PLAIN;
  const answer: { result?: RemoteObject; exceptionDetails?: object } | undefined = session.post(
    "Debugger.evaluateOnCallFrame",
    { callFrameId, expression, silent: true, objectGroup: GROUP },
  );
  return answer?.exceptionDetails ? undefined : answer?.result;
}

function evaluatorOf(closure: unknown, scopes: readonly Scope[]): Evaluate | undefined {
  if (typeof closure !== "function") return undefined;
  if (!hasEval(scopes)) return closure as Evaluate;
  return (closure as (direct: Evaluate) => Evaluate)(indirectEval());
}

function scopesOf(session: DebugSession, { scopeChain }: CallFrame): Scope[] {
  return scopeChain
    .filter(({ type, object }) => KINDS.has(type) && object.objectId !== undefined)
    .map(({ type, object }) => {
      const asked = { objectId: object.objectId, ownProperties: true };
      const answer: { result?: { name: string; get?: object }[] } | undefined = session.post(
        "Runtime.getProperties",
        asked,
      );
      // The names of a `with` may be getters of the application, which nobody should call.
      const properties = (answer?.result ?? []).filter(({ get }) => type !== "with" || !get);
      return { kind: type, names: properties.slice(0, MOST_NAMES).map(({ name }) => name) };
    })
    .filter(({ names }) => names.length > 0);
}
