/**
 * The objects that a page can ask more about.
 *
 * @module
 */

/** A bounded table of objects. */
export interface ObjectIds {
  /** Remembers an object, and gives its name, which cannot be guessed. */
  readonly keep: (value: object) => string;
  /** The object of a name, unless it was forgotten. */
  get(id: string): object | undefined;
  /** Forgets all. */
  clear(): void;
}

/** @param most How many objects; the one longest out of use makes room. */
export function objectIds(most: number): ObjectIds {
  const objects = new Map<string, object>();
  const ids = new Map<object, string>();
  const touch = (id: string, value: object): void => {
    objects.delete(id);
    objects.set(id, value);
  };
  return {
    keep(value) {
      const id = ids.get(value) ?? crypto.randomUUID();
      touch(id, value);
      ids.set(value, id);
      for (const [oldest, forgotten] of objects) {
        if (objects.size <= most) break;
        objects.delete(oldest);
        ids.delete(forgotten);
      }
      return id;
    },
    get(id) {
      const value = objects.get(id);
      if (value) touch(id, value);
      return value;
    },
    clear() {
      objects.clear();
      ids.clear();
    },
  };
}
