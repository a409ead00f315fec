/**
 * What is inside of an object, read without running any of its code.
 *
 * @module
 */
import { getterOf } from "./brands.ts";

/** One thing inside; instead of a value, what there is to say when none can be read. */
export type ValueEntry =
  & { readonly key: PropertyKey; readonly mapKey?: readonly [unknown] }
  & ({ readonly value: unknown } | { readonly kind: string; readonly text: string });

/** The first things inside, and how many there are besides. */
export interface Entries {
  readonly entries: readonly ValueEntry[];
  readonly more: number;
}

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const LENGTHS: Readonly<Record<string, (this: unknown) => unknown>> = {
  map: getterOf(Map.prototype, "size"),
  set: getterOf(Set.prototype, "size"),
  typedarray: getterOf(TypedArray, "length"),
};
const byteLength = getterOf(ArrayBuffer.prototype, "byteLength");
/** To list the keys of a long array takes long. */
const LONG = 10_000;
/** What every function or error has; the source and the traceback are shown elsewhere. */
const COMMON: Readonly<Record<string, ReadonlySet<PropertyKey>>> = {
  function: new Set(["name", "length", "prototype", "arguments", "caller"]),
  class: new Set(["name", "length", "prototype"]),
  error: new Set(["stack", "message"]),
  array: new Set(["length"]),
};

/** How many elements a collection has. */
export function sizeOf(value: object, kind: string): number {
  if (kind === "array") return Number(Object.getOwnPropertyDescriptor(value, "length")?.value);
  if (kind !== "buffer") return Number(LENGTHS[kind]?.call(value) ?? 0);
  try {
    return Number(byteLength.call(value));
  } catch { // a SharedArrayBuffer
    return Number(getterOf(SharedArrayBuffer.prototype, "byteLength").call(value));
  }
}

/** What is inside, up to `most`. */
export function entriesOf(value: object, kind: string, most: number): Entries {
  const elements = elementsOf(value, kind, most);
  const length = elements.length > 0 ? sizeOf(value, kind) : 0;
  const indexed = kind === "array" || kind === "typedarray";
  if (indexed && length > LONG) return { entries: elements, more: length - elements.length };
  const skipped = COMMON[kind];
  const all = Reflect.ownKeys(value);
  const keys = skipped || indexed
    ? all.filter((key) =>
      !skipped?.has(key) && !(indexed && typeof key === "string" && /^\d+$/.test(key))
    )
    : all;
  const shown = keys.slice(0, Math.max(0, most - elements.length));
  return {
    entries: [...elements, ...shown.map((key) => property(value, key))],
    more: length - elements.length + keys.length - shown.length,
  };
}

function elementsOf(value: object, kind: string, most: number): ValueEntry[] {
  switch (kind) {
    case "array":
    case "typedarray":
      return Array.from(
        { length: Math.min(most, sizeOf(value, kind)) },
        (_, index) => property(value, index),
      );
    case "map": {
      const found: ValueEntry[] = [];
      for (const [key, held] of Map.prototype.entries.call(value)) {
        if (found.length === most) break;
        found.push({ key: found.length, mapKey: [key], value: held });
      }
      return found;
    }
    case "set": {
      const found: ValueEntry[] = [];
      for (const held of Set.prototype.values.call(value)) {
        if (found.length === most) break;
        found.push({ key: found.length, value: held });
      }
      return found;
    }
    default:
      return [];
  }
}

function property(value: object, key: PropertyKey): ValueEntry {
  let descriptor: PropertyDescriptor | undefined;
  try {
    descriptor = Object.getOwnPropertyDescriptor(value, key);
  } catch { // a module's name that is not yet initialised
    return { key, kind: "broken", text: "[cannot be read]" };
  }
  if (!descriptor) return { key, kind: "empty", text: "[Empty]" };
  if (!descriptor.get && !descriptor.set) return { key, value: descriptor.value as unknown };
  const text = !descriptor.set ? "[Getter]" : descriptor.get ? "[Getter/Setter]" : "[Setter]";
  return { key, kind: "getter", text };
}
