/**
 * The errors that can still be asked about: the last few, for a while.
 *
 * @module
 */

/** Keeps values by a key that nobody can guess. */
export interface Store<T> {
  /** The value, which then counts as used last; `undefined` when it is gone. */
  get(key: string): T | undefined;
  /** Keeps a value, and lets go of what is too old or too many. */
  add(key: string, value: T): void;
  /** All that is kept, the newest first. */
  all(): T[];
}

/**
 * Makes a store.
 *
 * @param most How many values are kept.
 * @param lifetime How long each is kept, in milliseconds after it was added.
 * @param now The time.
 * @param drop Is given each value that goes.
 */
export function createStore<T>(
  most: number,
  lifetime: number,
  now: () => number,
  drop: (value: T) => void,
): Store<T> {
  const kept = new Map<string, { readonly value: T; readonly added: number }>();
  const remove = (key: string): void => {
    const entry = kept.get(key);
    kept.delete(key);
    if (entry) drop(entry.value);
  };
  const expire = (): void => {
    for (const [key, { added }] of kept) if (now() - added > lifetime) remove(key);
  };
  return {
    get(key) {
      expire();
      const entry = kept.get(key);
      if (!entry) return undefined;
      kept.delete(key);
      kept.set(key, entry);
      return entry.value;
    },
    add(key, value) {
      expire();
      kept.set(key, { value, added: now() });
      for (const [oldest] of kept) {
        if (kept.size <= most) break;
        remove(oldest);
      }
    },
    all() {
      expire();
      return [...kept.values()].toSorted((a, b) => b.added - a.added).map(({ value }) => value);
    },
  };
}
