/**
 * A session of the engine's debugger in the thread that it debugs. It opens no port, so that the
 * process cannot be debugged from outside.
 *
 * @module
 */
import type { Debugger, Runtime, Session } from "node:inspector";
import type { BuiltinModules } from "../../runtime.ts";
import type { HiddenMember } from "../types.ts";

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

/** The results of the commands that have one. */
interface Results {
  readonly "Debugger.evaluateOnCallFrame": Debugger.EvaluateOnCallFrameReturnType;
  readonly "Runtime.evaluate": Runtime.EvaluateReturnType;
  readonly "Runtime.getProperties": Runtime.GetPropertiesReturnType & {
    readonly privateProperties?: Pick<Runtime.PropertyDescriptor, "name" | "value">[];
  };
}

/** A session of the debugger. */
export class DebugSession {
  readonly #session: Session;
  readonly #urls = new Map<string, string>();

  /**
   * Opens a session.
   *
   * @param onPause Called during a pause, which ends when it returns. It must be synchronous: a
   *   promise that rejects in it would pause again, endlessly.
   * @throws {Error} When the runtime does not allow it.
   */
  constructor(
    inspector: BuiltinModules["node:inspector"],
    onPause: (pause: Debugger.PausedEventDataType) => void,
  ) {
    this.#session = new inspector.Session();
    this.#session.connect();
    // Every evaluation is a script without a URL; these are not remembered.
    this.#session.on("Debugger.scriptParsed", ({ params }) => {
      if (params.url) this.#urls.set(params.scriptId, params.url);
    });
    this.#session.on("Debugger.paused", ({ params }) => {
      try {
        onPause(params);
      } catch { // An exception would end up in the application.
      } finally {
        // The engine keeps all objects that it has described until their group is released.
        this.release("backtrace");
        this.release(GROUP);
      }
    });
    this.post("Debugger.enable");
  }

  /** Sends a command, and returns its result at once; `undefined` when it fails. */
  post<M extends string>(
    method: M,
    params: object = {},
  ): (M extends keyof Results ? Results[M] : object) | undefined {
    let result: ReturnType<typeof this.post<M>>;
    this.#session.post(method, params, (error: Error | null, received?: object) => {
      if (!error) result = received as typeof result;
    });
    return result;
  }

  release(objectGroup: string): void {
    this.post("Runtime.releaseObjectGroup", { objectGroup });
  }

  /** The properties of a remote object. */
  propertiesOf(objectId: string | undefined): Partial<Results["Runtime.getProperties"]> {
    return this.post("Runtime.getProperties", { objectId, ownProperties: true }) ?? {};
  }

  /** The URL of a script, or `""`. */
  urlOf(scriptId: string): string {
    return this.#urls.get(scriptId) ?? "";
  }

  pauseOnExceptions(on: boolean): void {
    const before = needed.size > 0;
    if (on) needed.add(this);
    else needed.delete(this);
    const now = needed.size > 0;
    if (now !== before) setSwitch(this, now);
  }

  close(): void {
    this.#session.disconnect();
  }
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
  remotes: readonly (Runtime.RemoteObject | undefined)[],
): readonly (readonly [unknown] | undefined)[] {
  let taken: unknown[] | undefined;
  const receive = (...values: unknown[]): void => void (taken = values);
  return reachable(receive, (name) => {
    const take = (some: readonly (Runtime.RemoteObject | undefined)[]): unknown[] | undefined => {
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
function giveValue(session: DebugSession, object: object): Runtime.RemoteObject | undefined {
  return reachable(() => object, (name) => {
    const call = { expression: `${name}()`, silent: true, objectGroup: GROUP };
    return session.post("Runtime.evaluate", call)?.result;
  });
}

/** A remote object as an argument of a call. */
function argument(remote: Runtime.RemoteObject | undefined): object {
  if (remote?.objectId) return { objectId: remote.objectId };
  if (remote?.unserializableValue) return { unserializableValue: remote.unserializableValue };
  return remote && "value" in remote ? { value: remote.value } : {};
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
    const { privateProperties = [], internalProperties = [] } = session.propertiesOf(
      remote.objectId,
    );
    // Methods and accessors have no value.
    const fields = [
      ...privateProperties,
      ...internalProperties.filter(({ name }) => INTERNAL.has(name)),
    ].filter(({ value }) => value !== undefined);
    const values = takeValues(session, [remote, ...fields.map(({ value }) => value)]);
    return fields.map(({ name }, index) => [name, values[index + 1]?.[0]]);
  } finally {
    session.release(GROUP);
  }
}
