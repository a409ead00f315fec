/**
 * Takes frames from a stack that stands still, so that they live on after it has gone.
 *
 * @module
 */
import type { CapturedFrame, Scope } from "../capture.ts";
import { type Evaluate, trueEval } from "../true_eval.ts";
import {
  type CallFrame,
  type DebugSession,
  GROUP,
  type Pause,
  type RemoteObject,
} from "./session.ts";

/** A frame that was taken. */
export interface TakenFrame {
  readonly place: Pick<CapturedFrame, "url" | "line" | "column" | "name" | "scopes">;
  readonly evaluator: Evaluate | undefined;
}

/** Gives values of the debugged code to this code. */
export interface Hand {
  /** The value that the debugger names, in an array; `undefined` when it cannot be reached. */
  take(remote: RemoteObject | undefined): [unknown] | undefined;
}

// A parameter with a plain name would hide a variable of the frame.
const SOURCE = "__handwerk_source__";
const PLAIN = `((${SOURCE})=>eval(${SOURCE}))`;
// For a frame that has an `eval` of its own; no strict code can have one.
const SHIELDED = `((eval)=>(${SOURCE})=>eval(${SOURCE}))`;
/** Scopes that are not the whole world. */
const KINDS = new Set(["local", "block", "catch", "closure", "module", "eval", "with"]);
/** A scope with more names is cut. */
const MOST_NAMES = 200;
const LIBRARY = /[\\/]node_modules[\\/]/;

/** Works with a hand: for so long, a global of a random name leads to it. */
export function withHand<T>(session: DebugSession, work: (hand: Hand) => T): T {
  const key = `handwerk ${crypto.randomUUID()}`;
  let taken: [unknown] | undefined;
  const value = (got: unknown): void => void (taken = [got]);
  Object.defineProperty(globalThis, key, { value, configurable: true, enumerable: false });
  const functionDeclaration = `function(value){globalThis[${JSON.stringify(key)}](value)}`;
  try {
    return work({
      take(remote) {
        if (!remote?.objectId) return remote && [primitive(remote)];
        taken = undefined;
        const { objectId } = remote;
        const named = { objectId, functionDeclaration, arguments: [{ objectId }], silent: true };
        session.post("Runtime.callFunctionOn", { ...named, objectGroup: GROUP });
        return taken;
      },
    });
  } finally {
    Reflect.deleteProperty(globalThis, key);
  }
}

/** A primitive, from the form that the protocol has for it. */
function primitive({ type, value, unserializableValue }: RemoteObject): unknown {
  if (unserializableValue === undefined) return type === "undefined" ? undefined : value;
  return type === "bigint" ? BigInt(unserializableValue.slice(0, -1)) : Number(unserializableValue);
}

/** Takes the frames of the application; when it has none, those of its libraries. */
export function takeFrames(
  session: DebugSession,
  hand: Hand,
  { callFrames }: Pause,
  most: number,
): TakenFrame[] {
  const located = callFrames
    .map((frame) => ({ frame, url: session.urlOf(frame.location.scriptId) }))
    .filter(({ url }) => url !== "" && !url.startsWith("node:"));
  const own = located.filter(({ url }) => !LIBRARY.test(url));
  return (own.length > 0 ? own : located).slice(0, most).map(({ frame, url }) => ({
    place: {
      url,
      line: frame.location.lineNumber + 1,
      column: (frame.location.columnNumber ?? 0) + 1,
      name: frame.functionName,
      scopes: scopesOf(session, frame),
    },
    evaluator: evaluatorOf(session, hand, frame),
  }));
}

/** A closure made in the frame; it sees what the frame sees for as long as it lives. */
function evaluatorOf(
  session: DebugSession,
  hand: Hand,
  { callFrameId }: CallFrame,
): Evaluate | undefined {
  const make = (expression: string): unknown => {
    const options = { callFrameId, expression, silent: true, objectGroup: GROUP };
    const answer: { result?: RemoteObject; exceptionDetails?: object } | undefined = session.post(
      "Debugger.evaluateOnCallFrame",
      options,
    );
    return answer?.exceptionDetails ? undefined : hand.take(answer?.result)?.[0];
  };
  const plain = make(PLAIN);
  if (works(plain)) return plain;
  const shielded = make(SHIELDED);
  if (typeof shielded !== "function") return undefined;
  // In sloppy code, a call of a parameter `eval` that is the true one is a direct call.
  const evaluator = (shielded as (direct: Evaluate) => unknown)(trueEval());
  return works(evaluator) ? evaluator : undefined;
}

/** Tells a real evaluator from one whose `eval` is the frame's own, or forbidden. */
function works(evaluator: unknown): evaluator is Evaluate {
  if (typeof evaluator !== "function") return false;
  try {
    const sum: unknown = (evaluator as Evaluate)("(()=>6*7)()");
    return sum === 42;
  } catch {
    return false;
  }
}

function scopesOf(session: DebugSession, { scopeChain }: CallFrame): Scope[] {
  return scopeChain
    .filter(({ type, object }) => KINDS.has(type) && object.objectId !== undefined)
    .map(({ type, object }) => {
      const asked = { objectId: object.objectId, ownProperties: true };
      const answer = session.post("Runtime.getProperties", asked) as
        | { result: { name: string }[] }
        | undefined;
      return { kind: type, names: (answer?.result ?? []).slice(0, MOST_NAMES).map((p) => p.name) };
    })
    .filter(({ names }) => names.length > 0);
}
