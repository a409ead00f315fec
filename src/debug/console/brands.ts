/**
 * What an object is, without asking it: by its internal slots, not by what it says of itself.
 *
 * @module
 */
import { builtinIfAny } from "../../runtime.ts";

/** Tests of internal slots; none runs code of the value. */
export interface Brands {
  /** Where a runtime cannot tell, always false: the traps of a Proxy may then be called. */
  isProxy(value: unknown): boolean;
  isMap(value: unknown): value is Map<unknown, unknown>;
  isSet(value: unknown): value is Set<unknown>;
  isDate(value: unknown): value is Date;
  isRegExp(value: unknown): value is RegExp;
  isNativeError(value: unknown): value is Error;
  isPromise(value: unknown): value is Promise<unknown>;
  isAnyArrayBuffer(value: unknown): value is ArrayBufferLike;
  isTypedArray(value: unknown): boolean;
}

/** The brands of this runtime. */
export function brands(): Brands {
  return builtinIfAny("node:util")?.types ?? portable;
}

/** The getter of an accessor of the language, free of what an object may put over it. */
export function getterOf(prototype: object, key: string | symbol): (this: unknown) => unknown {
  const descriptor: { readonly get?: (this: unknown) => unknown } | undefined = Object
    .getOwnPropertyDescriptor(prototype, key);
  return descriptor?.get ?? (() => undefined);
}

const holds = (probe: (value: unknown) => unknown) => (value: unknown): boolean => {
  try {
    probe(value);
    return true;
  } catch {
    return false;
  }
};
const holdsGetter = (prototype: object, key: string): (value: unknown) => boolean => {
  const getter = getterOf(prototype, key);
  return holds((value) => getter.call(value));
};
const inherits = (constructor: { prototype: object }) => (value: unknown): boolean =>
  typeof value === "object" && value !== null &&
  Object.prototype.isPrototypeOf.call(constructor.prototype, value);

/** For a runtime without Node's `util`. */
export const portable: Brands = {
  isProxy: () => false,
  isMap: holdsGetter(Map.prototype, "size") as Brands["isMap"],
  isSet: holdsGetter(Set.prototype, "size") as Brands["isSet"],
  isDate: holds((value) => Date.prototype.getTime.call(value)) as Brands["isDate"],
  isRegExp: ((value) =>
    value !== RegExp.prototype &&
    holdsGetter(RegExp.prototype, "source")(value)) as Brands["isRegExp"],
  isNativeError: inherits(Error) as Brands["isNativeError"],
  isPromise: inherits(Promise) as Brands["isPromise"],
  isAnyArrayBuffer: holdsGetter(
    ArrayBuffer.prototype,
    "byteLength",
  ) as Brands["isAnyArrayBuffer"],
  isTypedArray: (value) =>
    getterOf(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag)
      .call(value) !== undefined,
};
