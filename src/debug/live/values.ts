/**
 * Brings values of the debugged code to this code.
 *
 * @module
 */
import { type DebugSession, GROUP, type RemoteObject } from "./session.ts";

/**
 * The values that the debugger names, each in an array. While this works, a global of a random name
 * leads here: a debugger can call only what the debugged code can reach.
 */
export function takeValues(
  session: DebugSession,
  remotes: readonly (RemoteObject | undefined)[],
): ([unknown] | undefined)[] {
  const key = `handwerk ${crypto.randomUUID()}`;
  let taken: unknown[] | undefined;
  const value = (...values: unknown[]): void => void (taken = values);
  Object.defineProperty(globalThis, key, { value, configurable: true, enumerable: false });
  const functionDeclaration = `function(...values){globalThis[${JSON.stringify(key)}](...values)}`;
  const take = (some: readonly (RemoteObject | undefined)[]): unknown[] | undefined => {
    taken = undefined;
    const objectId = some.find((remote) => remote?.objectId)?.objectId;
    const call = { functionDeclaration, silent: true, objectGroup: GROUP };
    if (objectId) {
      session.post("Runtime.callFunctionOn", { ...call, objectId, arguments: some.map(argument) });
    }
    return taken;
  };
  try {
    const all = take(remotes);
    if (all) return remotes.map((remote, index) => remote && [all[index]]);
    // One of another realm spoils the call for all, so each is tried alone.
    const host = remotes.find((remote) => remote?.objectId);
    return remotes.map((remote) => {
      const alone = remote && take(remote.objectId ? [remote] : [remote, host]);
      return alone && [alone[0]];
    });
  } finally {
    Reflect.deleteProperty(globalThis, key);
  }
}

/** A value as an argument of the debugger's. */
function argument(remote: RemoteObject | undefined): object {
  if (remote?.objectId) return { objectId: remote.objectId };
  if (remote?.unserializableValue) return { unserializableValue: remote.unserializableValue };
  return remote && "value" in remote ? { value: remote.value } : {};
}
