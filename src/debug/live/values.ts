/**
 * Carries values between the debugged code and this code, which are the same code here.
 *
 * @module
 */
import { type DebugSession, GROUP, type RemoteObject } from "./session.ts";

/**
 * Works while a global of a random name holds a function: a debugger can call only what the debugged
 * code can reach.
 *
 * @param work Gets the name, as source.
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

/** The values that the debugger names, each in an array; `undefined` for what cannot be reached. */
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
    // One of another realm spoils the call for all, so each is tried alone.
    const host = remotes.find((remote) => remote?.objectId);
    return remotes.map((remote) => {
      const alone = remote && take(remote.objectId ? [remote] : [remote, host]);
      return alone && [alone[0]];
    });
  });
}

/** Gives an object to the debugger, which names it. */
export function giveValue(session: DebugSession, object: object): RemoteObject | undefined {
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

/** A value as an argument of the debugger's. */
function argument(remote: RemoteObject | undefined): object {
  if (remote?.objectId) return { objectId: remote.objectId };
  if (remote?.unserializableValue) return { unserializableValue: remote.unserializableValue };
  return remote && "value" in remote ? { value: remote.value } : {};
}
