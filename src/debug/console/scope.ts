/**
 * The variables of a frame.
 *
 * @module
 */
import type { CapturedFrame } from "../types.ts";
import type { Inspected, Member } from "../inspected.ts";
import { type InspectLimits, inspectValue } from "./inspect.ts";

/** What JavaScript calls a name; anything else is not evaluated. */
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** Scopes around a function. */
const OUTER = new Set(["closure", "module"]);

/** The variables of a frame by scope, the innermost first, and `this`. They are read now, not then. */
export function inspectScope(
  frame: Pick<CapturedFrame, "evaluate" | "scopes" | "hiddenMembers">,
  limits: InspectLimits = {},
): readonly Member[] {
  const seen = new Set<string>();
  const own: InspectLimits = frame.hiddenMembers ? { hiddenMembers: frame.hiddenMembers } : {};
  const read = (name: string, kind = "local"): Inspected => {
    try {
      return inspectValue(frame.evaluate(name), { depth: 0, ...own, ...limits });
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      // The engine does not keep what a function does not use of the scopes around it.
      const unused = OUTER.has(kind) && message === `${name} is not defined`;
      const text = unused ? "not used in this function" : message || "cannot be read";
      return { kind: "unavailable", text: `[${text}]` };
    }
  };
  const scopes = frame.scopes.map(({ kind, names }): Member => {
    const members = names.filter((name) => NAME.test(name)).map((key): Member => {
      if (seen.has(key)) return { key, value: { kind: "unavailable", text: "[shadowed]" } };
      seen.add(key);
      return { key, value: read(key, kind) };
    });
    const text = members.length === 1 ? "1 variable" : `${members.length} variables`;
    return { key: kind, value: { kind: "scope", text, members } };
  });
  return read("this === undefined || this === globalThis").text === "true"
    ? scopes
    : [...scopes, { key: "this", value: read("this") }];
}
