/**
 * Takes frames from a paused stack, so that they outlive it.
 *
 * @module
 */
import type { Debugger, Runtime } from "node:inspector";
import { type Evaluate, indirectEval } from "../indirect_eval.ts";
import type { CapturedFrame, Scope } from "../types.ts";
import { type DebugSession, GROUP, takeValues } from "./session.ts";

/** The name of the function that calls the work of a run. */
export const BOUNDARY = "handwerkRun";

/** A frame that was taken. */
export interface TakenFrame {
  readonly place: Pick<CapturedFrame, "url" | "line" | "column" | "name" | "scopes">;
  readonly evaluator: Evaluate | undefined;
}

// A parameter with a plain name would hide a variable of the frame.
const SOURCE = "__handwerk_source__";
const PLAIN = `((${SOURCE})=>eval(${SOURCE}))`;
// For a frame with its own `eval`, which only sloppy code can have: there, a call of a parameter
// `eval` is a direct call if its value is the global `eval`.
const SHIELDED = `((eval)=>(${SOURCE})=>eval(${SOURCE}))`;
/** All scopes but the global ones. */
const KINDS = new Set(["local", "block", "catch", "closure", "module", "eval", "with"]);
/** The number of names of a scope. */
const MOST_NAMES = 200;
const LIBRARY = /[\\/]node_modules[\\/]/;

/** Takes what was thrown and the frames of the application, or else those of its libraries. */
export function takeFrames(
  session: DebugSession,
  { callFrames, data }: Debugger.PausedEventDataType,
  most: number,
): { readonly thrown: unknown; readonly frames: readonly TakenFrame[] } | undefined {
  // The frames below belong to the host that called the handler.
  const end = callFrames.findIndex(({ functionName }) => functionName === BOUNDARY);
  const located = callFrames.slice(0, end === -1 ? undefined : end)
    .map((frame) => ({ frame, url: session.urlOf(frame.location.scriptId) }))
    .filter(({ url }) => url !== "" && !url.startsWith("node:"));
  const own = located.filter(({ url }) => !LIBRARY.test(url));
  const chosen = (own.length > 0 ? own : located).slice(0, most);
  if (chosen.length === 0) return undefined;
  const scopes = chosen.map(({ frame }) => scopesOf(session, frame));
  const closures = chosen.map(({ frame }, index) => closureIn(session, frame, scopes[index] ?? []));
  const [thrown, ...evaluators] = takeValues(session, [
    data as Runtime.RemoteObject | undefined,
    ...closures,
  ]);
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

/** Makes a closure in the frame, which keeps the frame's variables alive. */
function closureIn(
  session: DebugSession,
  { callFrameId }: Debugger.CallFrame,
  scopes: readonly Scope[],
): Runtime.RemoteObject | undefined {
  const expression = hasEval(scopes) ? SHIELDED : PLAIN;
  const answer = session.post(
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

function scopesOf(session: DebugSession, { scopeChain }: Debugger.CallFrame): Scope[] {
  return scopeChain
    .filter(({ type, object }) => KINDS.has(type) && object.objectId !== undefined)
    .map(({ type, object }) => {
      const { result = [] } = session.propertiesOf(object.objectId);
      // Getters in the object of a `with` are the application's, and must not be called.
      const properties = result.filter(({ get }) => type !== "with" || !get);
      return { kind: type, names: properties.slice(0, MOST_NAMES).map(({ name }) => name) };
    })
    .filter(({ names }) => names.length > 0);
}
