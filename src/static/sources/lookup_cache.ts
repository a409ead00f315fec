/**
 * What was found a moment ago: that a path is a directory, a long file, or nothing. Like a file in
 * memory, it is believed for a while before the file system is asked again.
 *
 * @module
 */
import type { Found } from "../source.ts";

/** How many paths are remembered, and how long one may be: strangers choose them. */
const MOST = 4096;
const LONGEST = 256;

/** What was found, and when it was asked for, in milliseconds of a clock that never goes back. */
interface Finding {
  readonly found: Found;
  readonly asked: number;
}

/** Remembers what was found; what was asked for first goes first. */
export class LookupCache {
  readonly #findings = new Map<string, Finding>();
  readonly #age: number;

  /** Makes an empty memory of findings that are believed for `age` milliseconds. */
  constructor(age: number) {
    this.#age = age;
  }

  /** What was found at a path, unless that is too long ago. */
  get(key: string): Finding | undefined {
    const finding = this.#findings.get(key);
    if (!finding || performance.now() - finding.asked < this.#age) return finding;
    this.#findings.delete(key);
    return undefined;
  }

  /** Remembers what was found, and gives it back. */
  keep(key: string, asked: number, found: Found): Found {
    if (key.length <= LONGEST) this.#findings.set(key, { found, asked });
    for (const oldest of this.#findings.keys()) {
      if (this.#findings.size <= MOST) break;
      this.#findings.delete(oldest);
    }
    return found;
  }

  /** Forgets a path where something has changed. */
  forget(key: string): void {
    this.#findings.delete(key);
  }
}
