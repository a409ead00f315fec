/**
 * The engine's debugger, in the thread that it looks at. It opens no port: there is no way in from
 * outside of the process.
 *
 * @module
 */
import type { BuiltinModules } from "../../runtime.ts";

/** A value, as the debugger protocol names it. */
export interface RemoteObject {
  /** As `typeof` says. */
  readonly type: string;
  /** Names an object or a symbol while its group is not released. */
  readonly objectId?: string;
  /** A primitive. */
  readonly value?: unknown;
  /** A primitive that JSON has no form for. */
  readonly unserializableValue?: string;
}

/** A frame on the stack that stands still. */
export interface CallFrame {
  readonly callFrameId: string;
  readonly functionName: string;
  /** From 0. */
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber?: number;
  };
  readonly scopeChain: readonly { readonly type: string; readonly object: RemoteObject }[];
}

/** What stands still, and why. */
export interface Pause {
  readonly reason: string;
  /** What is thrown. */
  readonly data?: RemoteObject;
  readonly callFrames: readonly CallFrame[];
}

/** A connection to the debugger. */
export interface DebugSession {
  /** Sends a command; the answer is there at once, or `undefined` when it was refused. */
  post(method: string, params?: object): object | undefined;
  /** The URL of a script, or `""`. */
  urlOf(scriptId: string): string;
  /** Stops on exceptions, or goes on. */
  pauseOnExceptions(on: boolean): void;
  /** Ends the connection. */
  close(): void;
}

/** What the debugger is told to release, in the commands of this module. */
export const GROUP = "handwerk";

/**
 * The debugger keeps one switch for all connections of a thread: the last word counts. So all
 * captures share it; it is on while one needs it.
 */
const needed = new Set<DebugSession>();
const setSwitch = (session: DebugSession, on: boolean): void =>
  void session.post("Debugger.setPauseOnExceptions", { state: on ? "all" : "none" });

/**
 * Does work that does not stop at exceptions. When a time limit ends what stands still, the end is
 * lost, and an endless loop that throws would go on.
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
 * Connects. Throws where the runtime does not allow it.
 *
 * @param onPause Is called while the stack stands still. It goes on when this returns, so it is
 *   synchronous; a promise that rejects in it would stop here again, without end.
 */
export function connect(
  inspector: BuiltinModules["node:inspector"],
  onPause: (pause: Pause) => void,
): DebugSession {
  const session = new inspector.Session();
  const urls = new Map<string, string>();
  session.connect();
  // Every evaluation is a script without a URL, so only those with one are remembered.
  session.on("Debugger.scriptParsed", ({ params }) => {
    if (params.url) urls.set(params.scriptId, params.url);
  });
  session.on("Debugger.paused", ({ params }) => {
    try {
      onPause(params as Pause);
    } catch { // A throw from here would be the application's.
    } finally {
      // Else the engine keeps every object of every stack that it has described.
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
