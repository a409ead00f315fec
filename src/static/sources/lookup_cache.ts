/**
 * Results of lookups that are reused for a moment, so that frequent requests for a missing file, a
 * long file or a large directory cost the file system little.
 *
 * @module
 */

/** Clients choose the keys, and memory is limited. */
const LONGEST_KEY = 256;

interface Lookup<T> {
  result: T | Promise<T>;
  /** When the result was there, in milliseconds of a monotonic clock; `undefined` until then. */
  since: number | undefined;
}

/** Reuses results for a time, and shares those that are not there yet. The oldest go first. */
export class LookupCache<T> {
  readonly #results = new Map<string, Lookup<T>>();
  readonly #age: number;
  readonly #limit: number;

  /**
   * Starts empty.
   *
   * @param age How long a result is reused, in milliseconds; 0 for not at all.
   * @param limit The most results.
   */
  constructor(age: number, limit: number) {
    [this.#age, this.#limit] = [age, limit];
  }

  /** The result for a key, from the cache or from `look`. */
  get(key: string, look: () => Promise<T>): T | Promise<T> {
    if (this.#age === 0 || key.length > LONGEST_KEY) return look();
    const now = performance.now();
    for (const [oldest, { since }] of this.#results) {
      if (since === undefined || now - since < this.#age) break;
      this.#results.delete(oldest);
    }
    const known = this.#results.get(key);
    if (known && (known.since === undefined || now - known.since < this.#age)) return known.result;
    const result = look();
    const lookup: Lookup<T> = { result, since: undefined };
    this.#results.delete(key);
    this.#results.set(key, lookup);
    result.then(
      (found) => [lookup.result, lookup.since] = [found, performance.now()],
      () => this.forget(key),
    );
    for (const oldest of this.#results.keys()) {
      if (this.#results.size <= this.#limit) break;
      this.#results.delete(oldest);
    }
    return result;
  }

  /** Removes a result that is known to be outdated. */
  forget(key: string): void {
    this.#results.delete(key);
  }
}
