/**
 * A session of the engine's debugger in the thread that it debugs. It opens no port, so that the
 * process cannot be debugged from outside.
 *
 * @module
 */
import type { BuiltinModules } from "../../runtime.ts";
import type { HiddenMember } from "../types.ts";

/** A value of the debugger protocol. */
export interface RemoteObject {
  /** Identifies an object or a symbol until its group is released. */
  readonly objectId?: string;
  /** A primitive. */
  readonly value?: unknown;
  /** A primitive that JSON cannot write. */
  readonly unserializableValue?: string;
}

/** A frame of a paused stack. */
export interface CallFrame {
  readonly callFrameId: string;
  readonly functionName: string;
  /** Numbers from 0. */
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber?: number;
  };
  readonly scopeChain: readonly { readonly type: string; readonly object: RemoteObject }[];
}

/** A pause of the application. */
export interface Pause {
  readonly reason: string;
  /** The thrown value. */
  readonly data?: RemoteObject;
  readonly callFrames: readonly CallFrame[];
}

/** A session of the debugger. */
export interface DebugSession {
  /** Sends a command, and returns its result at once; `undefined` when it fails. */
  post(method: string, params?: object): object | undefined;
  /** The URL of a script, or `""`. */
  urlOf(scriptId: string): string;
  pauseOnExceptions(on: boolean): void;
  close(): void;
}

/** The group of the objects that this library asks for, which is released after each use. */
export const GROUP = "handwerk";

/**
 * The sessions that need pauses. All sessions of a thread share one switch, and the last command
 * counts, so it stays on while any of them needs it.
 */
const needed = new Set<DebugSession>();
const setSwitch = (session: DebugSession, on: boolean): void =>
  void session.post("Debugger.setPauseOnExceptions", { state: on ? "all" : "none" });

/**
 * Does work without pauses. A time limit that ends while the code is paused is lost, so that an
 * endless loop that throws would never end.
 */
export function quietly<T>(work: () => T): T {
  const [session] = needed;
  if (!session) return work();
  setSwitch(session, false);
  try {
    return work();
  } finally {
    const [after] = needed;
    if (after) setSwitch(after, true);
  }
}

/**
 * Opens a session.
 *
 * @param onPause Called during a pause, which ends when it returns. It must be synchronous: a promise
 *   that rejects in it would pause again, endlessly.
 * @throws {Error} When the runtime does not allow it.
 */
export function connect(
  inspector: BuiltinModules["node:inspector"],
  onPause: (pause: Pause) => void,
): DebugSession {
  const session = new inspector.Session();
  const urls = new Map<string, string>();
  session.connect();
  // Every evaluation is a script without a URL; these are not remembered.
  session.on("Debugger.scriptParsed", ({ params }) => {
    if (params.url) urls.set(params.scriptId, params.url);
  });
  session.on("Debugger.paused", ({ params }) => {
    try {
      onPause(params as Pause);
    } catch { // An exception would end up in the application.
    } finally {
      // The engine keeps all objects that it has described until their group is released.
      for (const objectGroup of ["backtrace", GROUP]) {
        session.post("Runtime.releaseObjectGroup", { objectGroup });
      }
    }
  });
  const post = (method: string, params: object = {}): object | undefined => {
    let answer: object | undefined;
    session.post(method, params, (error: Error | null, result?: object) => {
      if (!error) answer = result;
    });
    return answer;
  };
  const self: DebugSession = {
    post,
    urlOf: (scriptId) => urls.get(scriptId) ?? "",
    pauseOnExceptions(on) {
      const before = needed.size > 0;
      if (on) needed.add(self);
      else needed.delete(self);
      const now = needed.size > 0;
      if (now !== before) setSwitch(self, now);
    },
    close() {
      session.disconnect();
      urls.clear();
    },
  };
  return self;
}

/**
 * Does work while a global with a random name holds a function, because the debugger can call only
 * functions that the debugged code can reach.
 *
 * @param work Called with the name, as source.
 */
function reachable<T>(value: (...values: unknown[]) => unknown, work: (name: string) => T): T {
  const key = `handwerk ${crypto.randomUUID()}`;
  Object.defineProperty(globalThis, key, { value, configurable: true, enumerable: false });
  try {
    return work(`globalThis[${JSON.stringify(key)}]`);
  } finally {
    Reflect.deleteProperty(globalThis, key);
  }
}

/** The values of remote objects, each in an array; `undefined` for one that cannot be reached. */
export function takeValues(
  session: DebugSession,
  remotes: readonly (RemoteObject | undefined)[],
): readonly (readonly [unknown] | undefined)[] {
  let taken: unknown[] | undefined;
  const receive = (...values: unknown[]): void => void (taken = values);
  return reachable(receive, (name) => {
    const take = (some: readonly (RemoteObject | undefined)[]): unknown[] | undefined => {
      taken = undefined;
      const objectId = some.find((remote) => remote?.objectId)?.objectId;
      const functionDeclaration = `function(...values){${name}(...values)}`;
      const call = { functionDeclaration, objectId, silent: true, objectGroup: GROUP };
      session.post("Runtime.callFunctionOn", { ...call, arguments: some.map(argument) });
      return taken;
    };
    const all = take(remotes);
    if (all) return remotes.map((remote, index) => remote && [all[index]]);
    // One object of another realm fails the whole call, so each is tried alone.
    const host = remotes.find((remote) => remote?.objectId);
    return remotes.map((remote) => {
      const alone = remote && take(remote.objectId ? [remote] : [remote, host]);
      return alone && [alone[0]];
    });
  });
}

/** The remote object of a value. */
function giveValue(session: DebugSession, object: object): RemoteObject | undefined {
  return reachable(() => object, (name) => {
    const expression = `${name}()`;
    const answer: { result?: RemoteObject } | undefined = session.post("Runtime.evaluate", {
      expression,
      silent: true,
      objectGroup: GROUP,
    });
    return answer?.result;
  });
}

/** A remote object as an argument of a call. */
function argument(remote: RemoteObject | undefined): object {
  if (remote?.objectId) return { objectId: remote.objectId };
  if (remote?.unserializableValue) return { unserializableValue: remote.unserializableValue };
  return remote && "value" in remote ? { value: remote.value } : {};
}

interface Property {
  readonly name: string;
  /** Missing for methods and accessors. */
  readonly value?: RemoteObject;
}

/** The internal properties that are shown. */
const INTERNAL = new Set(["[[PromiseState]]", "[[PromiseResult]]", "[[Target]]"]);

/** Private fields, the state of a promise, the target of a Proxy. Accessors are not called. */
export function hiddenMembers(
  session: DebugSession,
  object: object,
): readonly HiddenMember[] {
  try {
    const remote = giveValue(session, object);
    if (!remote?.objectId) return [];
    const asked = { objectId: remote.objectId, ownProperties: true };
    const answer: { privateProperties?: Property[]; internalProperties?: Property[] } | undefined =
      session.post("Runtime.getProperties", asked);
    const fields = [
      ...(answer?.privateProperties ?? []),
      ...(answer?.internalProperties ?? []).filter(({ name }) => INTERNAL.has(name)),
    ].filter(({ value }) => value !== undefined);
    const values = takeValues(session, [remote, ...fields.map(({ value }) => value)]);
    return fields.map(({ name }, index) => [name, values[index + 1]?.[0]]);
  } finally {
    session.post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
  }
}
