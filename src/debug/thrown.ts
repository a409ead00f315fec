/**
 * Reads the thrown value. Nothing about it can be relied on: a getter may
 * throw, `stack` may be a number, `cause` may lead back to the error itself.
 *
 * @module
 */
import { isSecret, MASK } from "./redact.ts";
import { parseStack } from "./stack.ts";
import type { ErrorModel, Relation, StackLine } from "./types.ts";

/** A thrown value that was read, and the errors that it carries. */
export interface Thrown extends Pick<ErrorModel, "name" | "message" | "note" | "details"> {
  readonly value: unknown;
  /** The lines of the stack, the innermost first. */
  readonly lines: readonly StackLine[];
  readonly related: readonly { readonly relation: Relation; readonly thrown: Thrown }[];
}

const MOST_ERRORS = 40;
const MOST_DETAILS = 16;
const LONGEST_MESSAGE = 10_000;
const LONGEST_DETAIL = 300;
/** Properties that are shown elsewhere. */
const KNOWN = new Set(["name", "message", "stack", "cause", "errors", "error", "suppressed"]);

/** Reads a thrown value, and the errors that it carries. */
export function readThrown(value: unknown): Thrown {
  return read(value, new Set());
}

function read(value: unknown, seen: Set<unknown>): Thrown {
  const known = isObject(value) && seen.has(value);
  // Primitives are counted too, so that a long list of them ends.
  seen.add(isObject(value) ? value : Symbol());
  const thrown = describe(value);
  return known
    ? { ...thrown, note: "This error is already shown above.", lines: [], details: [], related: [] }
    : { ...thrown, related: relatedOf(value, seen) };
}

function describe(value: unknown): Omit<Thrown, "related"> {
  if (!isObject(value)) return { value, ...plain(value), lines: [], details: [] };
  const message = textOf(value, "message");
  const stack = textOf(value, "stack");
  const name = (textOf(value, "name") || constructorName(value)).slice(0, 200);
  const details = detailsOf(value);
  if (message === undefined && stack === undefined) {
    const note = "This is not an Error, so it has no stack.";
    return { value, name, message: "", note, lines: [], details };
  }
  const head = message ? `${name}: ${message}` : name;
  const lines = parseStack(stack ?? "", head);
  const note = lines.length > 0 ? undefined : "This error has no stack.";
  return { value, name, message: (message ?? "").slice(0, LONGEST_MESSAGE), note, lines, details };
}

function plain(value: unknown): Pick<Thrown, "name" | "message" | "note"> {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return {
    name: value === null ? "null" : typeof value,
    message: text.slice(0, LONGEST_MESSAGE),
    note: "A plain value was thrown, not an Error, so there is no stack.",
  };
}

function relatedOf(value: unknown, seen: Set<unknown>): Thrown["related"] {
  if (!isObject(value)) return [];
  const found: { readonly relation: Relation; readonly thrown: Thrown }[] = [];
  const add = (relation: Relation, carried: unknown): void => {
    if (carried === undefined || seen.size >= MOST_ERRORS) return;
    found.push({ relation, thrown: read(carried, seen) });
  };
  if (attempt(() => "suppressed" in value && "error" in value)) {
    add("error", get(value, "error"));
    add("suppressed", get(value, "suppressed"));
  }
  const errors = get(value, "errors");
  const isError = (value: unknown): boolean =>
    isObject(value) && textOf(value, "stack") !== undefined;
  // Validators have lists of other things under this name.
  if (Array.isArray(errors) && (get(value, "name") === "AggregateError" || errors.every(isError))) {
    for (const error of errors.slice(0, MOST_ERRORS)) add("member", error);
  }
  add("cause", get(value, "cause"));
  return found;
}

function detailsOf(value: object): [string, string][] {
  const details: [string, string][] = [];
  for (const key of attempt(() => Object.keys(value)) ?? []) {
    if (KNOWN.has(key) || details.length >= MOST_DETAILS) continue;
    const detail = get(value, key);
    if (isObject(detail) || detail === undefined) continue;
    const text = plain(detail).message;
    details.push([key.slice(0, 100), isSecret(key) ? MASK : text.slice(0, LONGEST_DETAIL)]);
  }
  return details;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" ? value !== null : typeof value === "function";
}

function constructorName(value: object): string {
  const constructor = get(value, "constructor");
  return (typeof constructor === "function" && textOf(constructor, "name")) || "object";
}

function textOf(value: object, key: string): string | undefined {
  const text = get(value, key);
  return typeof text === "string" ? text : undefined;
}

function get(value: object, key: string): unknown {
  return attempt(() => (value as Readonly<Record<string, unknown>>)[key]);
}

/** The result of code of the thrown value; `undefined` if it throws. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
