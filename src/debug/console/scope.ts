/**
 * The variables of a frame.
 *
 * @module
 */
import type { CapturedFrame } from "../capture.ts";
import type { Inspected, Member } from "../inspected.ts";
import { inspect, type InspectLimits } from "./inspect.ts";

/** What JavaScript calls a name; anything else is not evaluated. */
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** The variables of a frame by scope, the innermost first, and `this`. They are read now, not then. */
export function inspectScope(
  frame: Pick<CapturedFrame, "evaluate" | "scopes">,
  limits: InspectLimits = {},
): readonly Member[] {
  const seen = new Set<string>();
  const read = (name: string): Inspected => {
    try {
      return inspect(frame.evaluate(name), { depth: 0, ...limits });
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      // The engine names a variable that it has optimised away as one that does not exist.
      const text = message === `${name} is not defined` ? "optimised away" : message;
      return { kind: "unavailable", text: `[${text || "cannot be read"}]` };
    }
  };
  const scopes = frame.scopes.map(({ kind, names }): Member => {
    const members = names.filter((name) => NAME.test(name)).map((key): Member => {
      if (seen.has(key)) return { key, value: { kind: "unavailable", text: "[shadowed]" } };
      seen.add(key);
      return { key, value: read(key) };
    });
    const text = members.length === 1 ? "1 variable" : `${members.length} variables`;
    return { key: kind, value: { kind: "scope", text, members } };
  });
  return read("this === undefined || this === globalThis").text === "true"
    ? scopes
    : [...scopes, { key: "this", value: read("this") }];
}
