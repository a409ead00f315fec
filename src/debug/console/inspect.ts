/**
 * A value, and the variables of a frame, as trees that can be sent.
 *
 * @module
 */
import type { CapturedFrame, HiddenMember, Inspected, Member } from "../types.ts";
import { classOf, describeValue, entriesOf, keyText, type ValueEntry } from "./description.ts";

/** Limits of an inspection. */
export interface InspectLimits {
  /** The number of levels of members, 1 by default. */
  readonly depth?: number;
  /** The number of members of a value, 50 by default. */
  readonly members?: number;
  /** The number of characters of a text, 500 by default. */
  readonly text?: number;
  /** Remembers an object and returns its `id`. Without it, objects have none. */
  readonly keep?: (value: object) => string;
  /** Finds private members and the like. */
  readonly hiddenMembers?: (value: object) => readonly HiddenMember[];
}

type Settings = InspectLimits & Required<Pick<InspectLimits, "members" | "text">>;

/** Larger values are not searched for hidden members, which is slow. */
const LARGE = 1000;
/** A name in JavaScript; anything else is not evaluated. */
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
/** Scopes around a function. */
const OUTER = new Set(["closure", "module"]);

/** Shows a value without running its code: getters and proxies are named, not called. */
export function inspectValue(value: unknown, limits: InspectLimits = {}): Inspected {
  return look(value, { members: 50, text: 500, ...limits }, limits.depth ?? 1, []);
}

/** The members of an object. */
export function membersOf(value: object, limits: InspectLimits = {}): readonly Member[] {
  return inspectValue(value, { members: 1000, ...limits }).members ?? [];
}

/**
 * The variables of a frame by scope, the innermost first, and `this`. These are the current values,
 * not those at the time of the throw.
 */
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
      // The engine keeps only the outer variables that the function uses.
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

function look(value: unknown, how: Settings, depth: number, above: readonly object[]): Inspected {
  try {
    const described = describeValue(value, how.text);
    const { kind } = described;
    if (typeof value !== "function" && (typeof value !== "object" || value === null)) {
      return described;
    }
    if (above.includes(value)) return { kind: "circular", text: "[Circular]" };
    const { entries, more } = kind === "proxy"
      ? { entries: [], more: 0 }
      : entriesOf(value, kind, how.members);
    const hidden = mayHide(value, kind) && entries.length + more < LARGE
      ? how.hiddenMembers?.(value) ?? []
      : [];
    const all = [...entries, ...hidden.map(([key, held]): ValueEntry => ({ key, value: held }))];
    if (all.length === 0) return described;
    const id = how.keep?.(value);
    const named = { ...described, ...(id === undefined ? {} : { id }) };
    if (depth <= 0) return named;
    const members = all.map((entry) => member(entry, how, depth - 1, [...above, value]));
    return { ...named, ...(more > 0 ? { more } : {}), members };
  } catch (error) {
    return broken(error);
  }
}

function member(entry: ValueEntry, how: Settings, depth: number, above: readonly object[]): Member {
  const key = entry.mapKey
    ? look(entry.mapKey[0], { members: how.members, text: how.text }, 0, above).text
    : keyText(entry.key);
  if ("value" in entry) return { key, value: look(entry.value, how, depth, above) };
  return { key, value: { kind: entry.kind, text: entry.text } };
}

/** Whether a value may have hidden members. */
function mayHide(value: object, kind: string): boolean {
  return kind === "proxy" || kind === "promise" ||
    (kind === "object" && !["", "Object"].includes(classOf(value)));
}

/** Stands for a value that cannot be inspected. */
export function broken(error: unknown): Inspected {
  let reason = "";
  try {
    const message = error instanceof Error
      ? Object.getOwnPropertyDescriptor(error, "message")?.value as unknown
      : undefined;
    if (typeof message === "string") reason = `: ${message.slice(0, 200)}`;
  } catch { // The error cannot be inspected either.
  }
  return { kind: "broken", text: `[cannot be shown${reason}]` };
}
