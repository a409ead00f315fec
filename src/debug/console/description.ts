/**
 * A value on one line, and its entries, read without running any of its code.
 *
 * @module
 */
import { builtin } from "../../runtime.ts";

/** A value on one line, and its kind. */
export interface ValueDescription {
  readonly kind: string;
  readonly text: string;
  /** The number of characters that are cut. */
  readonly more?: number;
}

/** One entry of a value; a remark instead of a value that cannot be read. */
export type ValueEntry =
  & { readonly key: PropertyKey; readonly mapKey?: readonly [unknown] }
  & ({ readonly value: unknown } | { readonly kind: string; readonly text: string });

/** The number of entries on the line. */
const PREVIEWED = 5;
const SHORT = 40;
/** Listing the keys of a longer array is slow. */
const LONG = 10_000;
const TypedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const LENGTHS: Readonly<Record<string, (this: unknown) => unknown>> = {
  map: getterOf(Map.prototype, "size"),
  set: getterOf(Set.prototype, "size"),
  typedarray: getterOf(TypedArray, "length"),
};
const byteLength = getterOf(ArrayBuffer.prototype, "byteLength");
const source = getterOf(RegExp.prototype, "source");
/** The getters of the flags of a regular expression, in the order of `flags`. */
const FLAGS =
  "hasIndices:d global:g ignoreCase:i multiline:m dotAll:s unicode:u unicodeSets:v sticky:y"
    .split(" ").map((pair) => pair.split(":") as [string, string])
    .map(([name, flag]) => ({ flag, has: getterOf(RegExp.prototype, name) }));
/** Members that are on every value of a kind, or shown elsewhere. */
const COMMON: Readonly<Record<string, ReadonlySet<PropertyKey>>> = {
  function: new Set(["name", "length", "prototype", "arguments", "caller"]),
  class: new Set(["name", "length", "prototype"]),
  error: new Set(["stack", "message"]),
  array: new Set(["length"]),
};

/** A getter of the language, whatever an object defines over it. */
function getterOf(prototype: object, key: string): (this: unknown) => unknown {
  const descriptor: { readonly get?: (this: unknown) => unknown } | undefined = Object
    .getOwnPropertyDescriptor(prototype, key);
  return descriptor?.get ?? (() => undefined);
}

/** Describes a value. Its getters and traps are not called. */
export function describeValue(value: unknown, limit: number): ValueDescription {
  const kind = kindOf(value);
  if (typeof value === "string" && value.length > limit) {
    const text = JSON.stringify(value.slice(0, limit)).slice(0, -1);
    return { kind, text: `${text}…`, more: value.length - limit };
  }
  const text = ["object", "array", "map", "set", "typedarray"].includes(kind)
    ? preview(value as object, kind)
    : oneLine(value, kind);
  return truncate(kind, text, limit);
}

function truncate(kind: string, text: string, limit: number): ValueDescription {
  if (text.length <= limit) return { kind, text };
  return { kind, text: `${text.slice(0, limit)}…`, more: text.length - limit };
}

/** The kind of a value, by its internal slots and not by what it says of itself. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object" && typeof value !== "function") return typeof value;
  const { types } = builtin("node:util");
  if (types.isProxy(value)) return "proxy";
  if (typeof value === "function") return isClass(value) ? "class" : "function";
  if (Array.isArray(value)) return "array";
  if (types.isNativeError(value)) return "error";
  if (types.isMap(value)) return "map";
  if (types.isSet(value)) return "set";
  if (types.isDate(value)) return "date";
  if (types.isRegExp(value)) return "regexp";
  if (types.isPromise(value)) return "promise";
  if (types.isTypedArray(value)) return "typedarray";
  return types.isAnyArrayBuffer(value) ? "buffer" : "object";
}

/** The name of the class, read from the prototypes; `""` for an object without one. */
export function classOf(value: object): string {
  for (let at: unknown = Object.getPrototypeOf(value); typeof at === "object" && at !== null;) {
    if (kindOf(at) === "proxy") return "Object";
    const constructor = dataOf(at, "constructor");
    const name = typeof constructor === "function" && kindOf(constructor) !== "proxy"
      ? dataOf(constructor, "name")
      : undefined;
    if (typeof name === "string" && name !== "") return name;
    at = Object.getPrototypeOf(at);
  }
  return "";
}

/** The value of a property that is not an accessor. */
function dataOf(object: object, key: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function oneLine(value: unknown, kind: string): string {
  switch (kind) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value as bigint}n`;
    case "proxy":
      return "Proxy";
    case "class":
    case "function":
      return functionText(value as object);
    case "error":
      return errorText(value as Error);
    case "date": {
      const time = Date.prototype.getTime.call(value);
      return Number.isNaN(time) ? "Invalid Date" : new Date(time).toISOString();
    }
    case "regexp": {
      const flags = FLAGS.filter(({ has }) => has.call(value) === true).map(({ flag }) => flag);
      return `/${String(source.call(value))}/${flags.join("")}`;
    }
    case "promise":
      return classOf(value as object) || "Promise";
    case "buffer":
      return `${classOf(value as object)}(${sizeOf(value as object, kind)})`;
    default: // symbol, boolean, undefined, null
      return String(value);
  }
}

function functionText(value: object): string {
  const named = dataOf(value, "name");
  const name = typeof named === "string" && named !== "" ? named : "(anonymous)";
  const text = Function.prototype.toString.call(value);
  if (/^class\b/.test(text)) return `class ${name}`;
  const star = /^(?:async\s+)?(?:function\s*)?\*/.test(text) ? "*" : "";
  return `${/^async\b/.test(text) ? "async " : ""}function${star} ${name}`;
}

function errorText(error: Error): string {
  const message = dataOf(error, "message");
  const own = dataOf(error, "name");
  const name = typeof own === "string" ? own : classOf(error) || "Error";
  return typeof message === "string" && message !== "" ? `${name}: ${message}` : name;
}

/** A collection with its first entries. */
function preview(value: object, kind: string): string {
  const { entries, more } = entriesOf(value, kind, PREVIEWED);
  const list = kind === "array" || kind === "typedarray";
  const parts = entries.map((entry) => {
    const text = "value" in entry ? short(entry.value) : "…";
    if (list && /^\d+$/.test(String(entry.key))) return text;
    if (kind === "set" && "value" in entry) return text;
    return entry.mapKey ? `${short(entry.mapKey[0])} => ${text}` : `${keyText(entry.key)}: ${text}`;
  });
  if (more > 0) parts.push(`… ${more} more`);
  const name = classOf(value);
  const size = sizeOf(value, kind);
  const inner = parts.join(", ");
  if (list) return `${name === "Array" ? "" : `${name}(${size}) `}[${inner}]`;
  const title = name === "Object" ? "" : name || "[null prototype]";
  const head = kind === "object" ? title : `${title}(${size})`;
  return `${head}${head && " "}${inner ? `{ ${inner} }` : "{}"}`;
}

/** A key as it is written in source. */
export function keyText(key: PropertyKey): string {
  return typeof key === "symbol" ? `[${String(key)}]` : String(key);
}

/** A value within the line of another one. */
function short(value: unknown): string {
  const kind = kindOf(value);
  if (kind === "object") {
    const name = classOf(value as object);
    return name === "Object" || name === "" ? "{…}" : name;
  }
  return ["array", "map", "set", "typedarray"].includes(kind)
    ? `${classOf(value as object)}(${sizeOf(value as object, kind)})`
    : truncate(kind, oneLine(value, kind), SHORT).text;
}

/** The number of elements of a collection. */
function sizeOf(value: object, kind: string): number {
  if (kind === "array") return Number(dataOf(value, "length"));
  if (kind !== "buffer") return Number(LENGTHS[kind]?.call(value) ?? 0);
  try {
    return Number(byteLength.call(value));
  } catch { // a SharedArrayBuffer
    return Number(getterOf(SharedArrayBuffer.prototype, "byteLength").call(value));
  }
}

/** The first `most` entries of a value, and the number of those that are left out. */
export function entriesOf(
  value: object,
  kind: string,
  most: number,
): { readonly entries: readonly ValueEntry[]; readonly more: number } {
  const elements = elementsOf(value, kind, most);
  const length = elements.length > 0 ? sizeOf(value, kind) : 0;
  const indexed = kind === "array" || kind === "typedarray";
  if (indexed && length > LONG) return { entries: elements, more: length - elements.length };
  const keys = Reflect.ownKeys(value).filter((key) =>
    !COMMON[kind]?.has(key) && !(indexed && typeof key === "string" && /^\d+$/.test(key))
  );
  const shown = keys.slice(0, Math.max(0, most - elements.length));
  return {
    entries: [...elements, ...shown.map((key) => property(value, key))],
    more: length - elements.length + keys.length - shown.length,
  };
}

function elementsOf(value: object, kind: string, most: number): ValueEntry[] {
  if (kind === "array" || kind === "typedarray") {
    const length = Math.min(most, sizeOf(value, kind));
    return Array.from({ length }, (_, index) => property(value, index));
  }
  const found: ValueEntry[] = [];
  if (kind === "map") {
    for (const [key, held] of Map.prototype.entries.call(value)) {
      if (found.length === most) break;
      found.push({ key: found.length, mapKey: [key], value: held });
    }
  } else if (kind === "set") {
    for (const held of Set.prototype.values.call(value)) {
      if (found.length === most) break;
      found.push({ key: found.length, value: held });
    }
  }
  return found;
}

function property(value: object, key: PropertyKey): ValueEntry {
  let descriptor: PropertyDescriptor | undefined;
  try {
    descriptor = Object.getOwnPropertyDescriptor(value, key);
  } catch { // an export of a module that is not evaluated yet
    return { key, kind: "broken", text: "[cannot be read]" };
  }
  if (!descriptor) return { key, kind: "empty", text: "[Empty]" };
  if (!descriptor.get && !descriptor.set) return { key, value: descriptor.value as unknown };
  const text = !descriptor.set ? "[Getter]" : descriptor.get ? "[Getter/Setter]" : "[Setter]";
  return { key, kind: "getter", text };
}
