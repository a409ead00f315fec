/**
 * A value as a tree that can be sent.
 *
 * @module
 */
import type { Inspected, Member } from "../inspected.ts";
import { type Brands, brands } from "./brands.ts";
import { classOf, describeValue, keyText } from "./description.ts";
import { entriesOf, type ValueEntry } from "./entries.ts";

/** How far to look. */
export interface InspectLimits {
  /** How many levels of members are included. Default: 1. */
  readonly depth?: number;
  /** How many members of a value. Default: 50. */
  readonly members?: number;
  /** How many characters of a text. Default: 500. */
  readonly text?: number;
  /** Remembers an object, and names it; the name becomes the `id`. Default: objects get none. */
  readonly keep?: (value: object) => string;
  /** Finds what of an object is hidden: private members and the like. Default: nothing is found. */
  readonly hiddenMembers?: (value: object) => readonly (readonly [name: string, value: unknown])[];
}

/** What is hidden in something so large is not looked for: that takes long. */
const LARGE = 1000;

interface Looking {
  readonly members: number;
  readonly text: number;
  readonly keep: InspectLimits["keep"];
  readonly hiddenMembers: InspectLimits["hiddenMembers"];
  readonly brands: Brands;
}

/**
 * Shows a value without calling any of its code: getters are named, not called; of a Proxy only that
 * it is one. In a runtime that cannot tell a Proxy its traps are called, and what they throw is shown.
 */
export function inspectValue(value: unknown, limits: InspectLimits = {}): Inspected {
  const { depth = 1, members = 50, text = 500, keep, hiddenMembers } = limits;
  return look(value, { members, text, keep, hiddenMembers, brands: brands() }, depth, []);
}

/** The members of an object, for one that was not shown whole. */
export function membersOf(value: object, limits: InspectLimits = {}): readonly Member[] {
  const { depth = 1, ...rest } = limits;
  const shown = inspectValue(value, { members: 1000, ...rest, depth });
  return shown.members ?? [];
}

function look(value: unknown, how: Looking, depth: number, above: readonly object[]): Inspected {
  try {
    const described = describeValue(value, how.brands, how.text);
    const { kind } = described;
    if (!isObject(value)) return described;
    if (above.includes(value)) return { kind: "circular", text: "[Circular]" };
    const { entries: open, more } = kind === "proxy"
      ? { entries: [], more: 0 }
      : entriesOf(value, kind, how.members);
    const hidden = mayHide(value, kind, how) && open.length + more < LARGE
      ? how.hiddenMembers?.(value) ?? []
      : [];
    const entries = [...open, ...hidden.map(([key, held]): ValueEntry => ({ key, value: held }))];
    if (entries.length === 0) return described;
    const id = how.keep?.(value);
    const named = { ...described, ...(id === undefined ? {} : { id }) };
    if (depth <= 0) return named;
    const inside = [...above, value];
    return {
      ...named,
      ...(more > 0 ? { more } : {}),
      members: entries.map((entry) => member(entry, how, depth - 1, inside)),
    };
  } catch (error) {
    return broken(error);
  }
}

function member(entry: ValueEntry, how: Looking, depth: number, above: readonly object[]): Member {
  const key = entry.mapKey
    ? look(entry.mapKey[0], { ...how, keep: undefined }, 0, above).text
    : keyText(entry.key);
  if ("value" in entry) return { key, value: look(entry.value, how, depth, above) };
  return { key, value: { kind: entry.kind, text: entry.text } };
}

/** Whether anything may be hidden in it: it is of a class, or a kind that has more to tell. */
function mayHide(value: object, kind: string, { brands }: Looking): boolean {
  return kind === "proxy" || kind === "promise" ||
    (kind === "object" && !["", "Object"].includes(classOf(value, brands)));
}

/** What cannot be shown, as such. */
export function broken(error: unknown): Inspected {
  let reason = "";
  try {
    const message = error instanceof Error
      ? Object.getOwnPropertyDescriptor(error, "message")?.value as unknown
      : undefined;
    if (typeof message === "string") reason = `: ${message.slice(0, 200)}`;
  } catch { // An error that cannot be looked at either.
  }
  return { kind: "broken", text: `[cannot be shown${reason}]` };
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
