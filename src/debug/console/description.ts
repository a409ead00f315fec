/**
 * A value on one line.
 *
 * @module
 */
import { type Brands, getterOf } from "./brands.ts";
import { entriesOf, sizeOf } from "./entries.ts";

/** A value on one line, and what it is. */
export interface ValueDescription {
  readonly kind: string;
  readonly text: string;
  /** How many characters were cut. */
  readonly more?: number;
}

/** So many members are hinted at on the line. */
const PREVIEWED = 5;
const SHORT = 40;
const source = getterOf(RegExp.prototype, "source");
const FLAGS = Object.entries({
  hasIndices: "d",
  global: "g",
  ignoreCase: "i",
  multiline: "m",
  dotAll: "s",
  unicode: "u",
  unicodeSets: "v",
  sticky: "y",
}).map(([name, flag]) => ({ flag, has: getterOf(RegExp.prototype, name) }));

/** Describes a value; its getters and its traps are left alone. */
export function describeValue(value: unknown, brands: Brands, limit: number): ValueDescription {
  const kind = kindOf(value, brands);
  if (typeof value === "string" && value.length > limit) {
    const text = JSON.stringify(value.slice(0, limit)).slice(0, -1);
    return { kind, text: `${text}…`, more: value.length - limit };
  }
  const text = kind === "object" || kind === "array" || kind === "map" || kind === "set" ||
      kind === "typedarray"
    ? preview(value as object, kind, brands)
    : oneLine(value, kind, brands);
  return truncate(kind, text, limit);
}

/** Cuts a long text, and says how much is missing. */
export function truncate(kind: string, text: string, limit: number): ValueDescription {
  if (text.length <= limit) return { kind, text };
  return { kind, text: `${text.slice(0, limit)}…`, more: text.length - limit };
}

/** What a value is. */
export function kindOf(value: unknown, brands: Brands): string {
  if (value === null) return "null";
  if (typeof value !== "object" && typeof value !== "function") return typeof value;
  if (brands.isProxy(value)) return "proxy";
  if (typeof value === "function") return isClass(value) ? "class" : "function";
  if (Array.isArray(value)) return "array";
  if (brands.isNativeError(value)) return "error";
  if (brands.isMap(value)) return "map";
  if (brands.isSet(value)) return "set";
  if (brands.isDate(value)) return "date";
  if (brands.isRegExp(value)) return "regexp";
  if (brands.isPromise(value)) return "promise";
  if (brands.isTypedArray(value)) return "typedarray";
  if (brands.isAnyArrayBuffer(value)) return "buffer";
  return "object";
}

/** The name of the class, found in the prototypes; `""` for an object without one. */
export function classOf(value: object, brands: Brands): string {
  for (let at: unknown = Object.getPrototypeOf(value); typeof at === "object" && at !== null;) {
    if (brands.isProxy(at)) return "Object";
    const constructor: unknown = dataOf(at, "constructor");
    const name = typeof constructor === "function" && !brands.isProxy(constructor)
      ? dataOf(constructor, "name")
      : undefined;
    if (typeof name === "string" && name !== "") return name;
    at = Object.getPrototypeOf(at);
  }
  return "";
}

/** The value of a property that is no getter. */
export function dataOf(object: object, key: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function oneLine(value: unknown, kind: string, brands: Brands): string {
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
      return errorText(value as Error, brands);
    case "date": {
      const time = Date.prototype.getTime.call(value);
      return Number.isNaN(time) ? "Invalid Date" : new Date(time).toISOString();
    }
    case "regexp": {
      const flags = FLAGS.filter(({ has }) => has.call(value) === true).map(({ flag }) => flag);
      return `/${String(source.call(value))}/${flags.join("")}`;
    }
    case "promise":
      return classOf(value as object, brands) || "Promise";
    case "buffer":
      return `${classOf(value as object, brands)}(${sizeOf(value as object, kind)})`;
    default: // a symbol, a boolean, nothing at all
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

function errorText(error: Error, brands: Brands): string {
  const message = dataOf(error, "message");
  const own = dataOf(error, "name");
  const name = typeof own === "string" ? own : classOf(error, brands) || "Error";
  return typeof message === "string" && message !== "" ? `${name}: ${message}` : name;
}

/** A collection with a hint of what is in it. */
function preview(value: object, kind: string, brands: Brands): string {
  const { entries, more } = entriesOf(value, kind, PREVIEWED);
  const list = kind === "array" || kind === "typedarray";
  const parts = entries.map((entry) => {
    const text = "value" in entry ? short(entry.value, brands) : "…";
    if (list && /^\d+$/.test(String(entry.key))) return text;
    if (kind === "set" && "value" in entry) return text;
    const key = entry.mapKey ? short(entry.mapKey[0], brands) : keyText(entry.key);
    return entry.mapKey ? `${key} => ${text}` : `${key}: ${text}`;
  });
  if (more > 0) parts.push(`… ${more} more`);
  const name = classOf(value, brands);
  const size = sizeOf(value, kind);
  const inner = parts.join(", ");
  if (list) return `${name === "Array" ? "" : `${name}(${size}) `}[${inner}]`;
  const title = name === "Object" ? "" : name || "[null prototype]";
  const head = kind === "object" ? title : `${title}(${size})`;
  return `${head}${head && " "}${inner ? `{ ${inner} }` : "{}"}`;
}

/** A key as it would be written. */
export function keyText(key: PropertyKey): string {
  return typeof key === "symbol" ? `[${String(key)}]` : String(key);
}

/** A value inside of another's line. */
function short(value: unknown, brands: Brands): string {
  const kind = kindOf(value, brands);
  switch (kind) {
    case "object": {
      const name = classOf(value as object, brands);
      return name === "Object" || name === "" ? "{…}" : name;
    }
    case "array":
    case "map":
    case "set":
    case "typedarray":
      return `${classOf(value as object, brands)}(${sizeOf(value as object, kind)})`;
    default:
      return truncate(kind, oneLine(value, kind, brands), SHORT).text;
  }
}
