/**
 * The private members of an object. The language has no way to ask for them from outside of the
 * class; the debugger has.
 *
 * @module
 */
import type { DebugSession, RemoteObject } from "./session.ts";
import { GROUP } from "./session.ts";
import { giveValue, takeValues } from "./values.ts";

/** Names and values of the private fields; methods and accessors are left out. */
export function privateMembers(
  session: DebugSession,
  object: object,
): readonly (readonly [name: string, value: unknown])[] {
  try {
    const objectId = giveValue(session, object)?.objectId;
    if (!objectId) return [];
    const answer: { privateProperties?: { name: string; value?: RemoteObject }[] } | undefined =
      session.post("Runtime.getProperties", { objectId, ownProperties: true });
    const fields = (answer?.privateProperties ?? []).filter(({ value }) => value !== undefined);
    const values = takeValues(session, [
      { type: "object", objectId },
      ...fields.map((f) => f.value),
    ]);
    return fields.map(({ name }, index) => [name, values[index + 1]?.[0]]);
  } finally {
    session.post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
  }
}
