/**
 * What we know of objects that are not ours.
 *
 * @module
 */

/** Makes `super(object)` give that object, so that a subclass adds its private fields to it. */
const ReturnGiven = function (object: object): object {
  return object;
} as unknown as new (object: object) => object;

/** One value for each object, out of everybody else's sight. */
export interface SideTable<K extends object, T> {
  /** The value of an object, if it has one. */
  get(object: K): T | undefined;
  /** Gives an object its value. */
  set(object: K, value: T | undefined): void;
}

/**
 * Makes room for a value on objects of one kind. Not a `WeakMap`: what is young in one is kept until
 * the next full collection, with all that it leads to, and makes every other collection slow. For
 * each request that costs as much as half of all else.
 */
export function sideTable<K extends object, T>(): SideTable<K, T> {
  class Holder extends ReturnGiven {
    #value: T | undefined;

    static get(object: object): T | undefined {
      return #value in object ? object.#value : undefined;
    }
    static set(object: object, value: T | undefined): void {
      const holder = #value in object ? object : new Holder(object);
      holder.#value = value;
    }
  }
  return Holder;
}
