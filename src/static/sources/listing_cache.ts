/**
 * The lists of a moment ago: whoever asks for a large folder again and again makes no more work.
 *
 * @module
 */
import type { Listed } from "../source.ts";

/** How many folders are remembered: a list may have ten thousand names. */
const MOST = 8;

interface List {
  readonly listed: Promise<readonly Listed[]>;
  /** When it was there; `undefined` until then. */
  since: number | undefined;
}

/** Remembers lists for `age` milliseconds. */
export class ListingCache {
  readonly #lists = new Map<string, List>();
  readonly #age: number;

  /** Makes an empty memory. */
  constructor(age: number) {
    this.#age = age;
  }

  /** The list of a folder, or what `list` makes. */
  get(key: string, list: () => Promise<readonly Listed[]>): Promise<readonly Listed[]> {
    if (this.#age === 0) return list();
    const now = performance.now();
    for (const [other, { since }] of this.#lists) {
      if (since !== undefined && now - since >= this.#age) this.#lists.delete(other);
    }
    const known = this.#lists.get(key);
    if (known) return known.listed;
    const made: List = { listed: list(), since: undefined };
    this.#lists.set(key, made);
    made.listed.then(
      () => (made.since = performance.now()),
      () => this.#lists.delete(key),
    );
    for (const oldest of this.#lists.keys()) {
      if (this.#lists.size <= MOST) break;
      this.#lists.delete(oldest);
    }
    return made.listed;
  }
}
