/**
 * What of an object is hidden: the language has no way to ask for it, the debugger has.
 *
 * @module
 */
import { type DebugSession, GROUP, type RemoteObject } from "./session.ts";
import { giveValue, takeValues } from "./values.ts";

interface Property {
  readonly name: string;
  /** Left out for a method or an accessor. */
  readonly value?: RemoteObject;
}

/** Of all that the engine keeps, what says something to a person. */
const TELLING = new Set(["[[PromiseState]]", "[[PromiseResult]]", "[[Target]]"]);

/** Private fields, the state of a promise, the target of a Proxy; nothing of it is called. */
export function hiddenMembers(
  session: DebugSession,
  object: object,
): readonly (readonly [name: string, value: unknown])[] {
  try {
    const remote = giveValue(session, object);
    if (!remote?.objectId) return [];
    const asked = { objectId: remote.objectId, ownProperties: true };
    const answer: { privateProperties?: Property[]; internalProperties?: Property[] } | undefined =
      session.post("Runtime.getProperties", asked);
    const fields = [
      ...(answer?.privateProperties ?? []),
      ...(answer?.internalProperties ?? []).filter(({ name }) => TELLING.has(name)),
    ].filter(({ value }) => value !== undefined);
    const values = takeValues(session, [remote, ...fields.map(({ value }) => value)]);
    return fields.map(({ name }, index) => [name, values[index + 1]?.[0]]);
  } finally {
    session.post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
  }
}
