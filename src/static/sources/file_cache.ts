/**
 * The memory cache of directories: small files, and larger ones that are requested often.
 *
 * @module
 */
import { type Checks, number } from "../../config.ts";
import type { Entry } from "../source.ts";

/** Options of the memory cache. */
export interface MemoryCacheOptions {
  /**
   * The most bytes of all files in memory. Bun holds files of 16 KiB and more twice once they were
   * sent.
   *
   * @default 16 MiB
   */
  readonly bytes?: number;
  /**
   * How long a file in memory is sent before the file system is asked again, in milliseconds; 0 asks
   * for each request. That a path is a directory, a long file or missing is cached for as long, but
   * for at most a second.
   *
   * @default 1000
   */
  readonly revalidate?: number;
}

/** The checks of these options. */
export const MEMORY_CACHE_OPTIONS: Checks<MemoryCacheOptions> = {
  bytes: number(0, Infinity, "a number of bytes"),
  revalidate: number(0, Infinity, "milliseconds, a number"),
};

interface Cached {
  readonly entry: Entry;
  /** `undefined` for a file that may change without another identity. */
  readonly identity: string | undefined;
  checked: number;
  /** Whether the file was requested since it was last considered for eviction. */
  requested: boolean;
}

/** The largest file that is cached at its first request. */
export const LARGEST_SMALL_FILE: number = 64 * 1024;
/** The largest file that is cached at all. Reading larger ones costs little beside sending them. */
const LARGEST_FILE = 1024 * 1024;
/** The part of the budget that a larger file may take. */
const SHARE = 16;
/** Hits may be cached forever, misses may not. */
const LONGEST_LOOKUP_AGE = 1000;
/** What an entry costs besides its bytes. */
const OVERHEAD = 512;

/**
 * Caches files within a budget. Files are evicted in the order in which they came (CLOCK); a file
 * that was requested since its last turn stays until its next turn.
 */
export class FileCache {
  readonly #files = new Map<string, Cached>();
  readonly #budget: number;
  readonly #revalidate: number;
  #bytes = 0;

  /** Starts empty. */
  constructor({ bytes = 16 * 1024 * 1024, revalidate = 1000 }: MemoryCacheOptions) {
    [this.#budget, this.#revalidate] = [bytes, revalidate];
  }

  /** How long the result of a lookup is reused that is not in this cache, in milliseconds. */
  get lookupAge(): number {
    return Math.min(this.#revalidate, LONGEST_LOOKUP_AGE);
  }

  /** The entry of a file that need not be checked yet. */
  fresh(key: string): Entry | undefined {
    const cached = this.#files.get(key);
    if (!cached) return undefined;
    cached.requested = true;
    const isFresh = this.#revalidate > 0 && performance.now() - cached.checked < this.#revalidate;
    return isFresh ? cached.entry : undefined;
  }

  /**
   * The entry of a file if it is still the same one. Otherwise the entry is removed.
   *
   * @param identity The identity of the file now; `undefined` if it is missing.
   * @param checked When the file system was asked.
   */
  revalidate(key: string, identity: string | undefined, checked: number): Entry | undefined {
    const cached = this.#files.get(key);
    if (!cached) return undefined;
    if (identity === undefined || identity !== cached.identity) {
      this.#remove(key, cached);
      return undefined;
    }
    cached.checked = checked;
    return cached.entry;
  }

  /** Whether a file is small enough that it does not displace many others. */
  fits(size: number): boolean {
    return size <= Math.min(LARGEST_FILE, this.#budget / SHARE);
  }

  /** Caches an entry whose bytes were read. */
  store(key: string, entry: Entry, identity: string | undefined): void {
    const size = entry.size + OVERHEAD;
    if (size > this.#budget) return;
    const before = this.#files.get(key);
    if (before) this.#remove(key, before);
    const cached = { entry: { ...entry, inMemory: true }, identity, requested: true };
    this.#files.set(key, { ...cached, checked: performance.now() });
    this.#bytes += size;
    for (const [next, cached] of this.#files) {
      if (this.#bytes <= this.#budget) break;
      if (cached.requested) {
        cached.requested = false;
        this.#files.delete(next);
        this.#files.set(next, cached);
      } else {
        this.#remove(next, cached);
      }
    }
  }

  #remove(key: string, cached: Cached): void {
    this.#files.delete(key);
    this.#bytes -= cached.entry.size + OVERHEAD;
  }
}
