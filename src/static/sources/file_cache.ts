/**
 * Small files that are asked for again and again, kept in memory.
 *
 * @module
 */
import { type Checks, number } from "../../config.ts";
import type { Entry } from "../source.ts";
import { hashedEntry } from "./entry.ts";

/** Options of the memory for hot files. */
export interface MemoryCacheOptions {
  /**
   * The most that all files in memory weigh together, in bytes; Bun holds those of 16 KiB and more
   * twice once they are sent. Default 16 MiB.
   */
  readonly bytes?: number;
  /**
   * For how long a file in memory is sent without asking the file system, in milliseconds. With 0 it
   * is asked each time. Default 1000. For as long, but for a second at most, it is believed that a
   * path is a directory, a long file, or nothing.
   */
  readonly revalidate?: number;
}

/** What the options must be. */
export const MEMORY_CACHE_OPTIONS: Checks<MemoryCacheOptions> = {
  bytes: number(0, Infinity, "a number of bytes"),
  revalidate: number(0, Infinity, "milliseconds, a number"),
};

/** A small file as it was read. */
export interface SmallFile {
  /** Changes whenever the file does. */
  readonly identity: string;
  /** Whether the last change is so long ago that the next one will change the identity. */
  readonly settled: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lastModified: number | undefined;
  /** As that of the entry. */
  readonly realPath?: Entry["realPath"];
}

interface Kept {
  readonly entry: Entry;
  /** `undefined` for a file that may have changed without a trace. */
  readonly identity: string | undefined;
  checked: number;
  /** Whether it was asked for since its turn to go came. */
  asked: boolean;
}

/** Larger files are kept only if they are asked for again and again. */
export const LARGEST_CACHED_FILE: number = 64 * 1024;
/** What is even larger costs little to read beside the sending. */
const LARGEST_LONG_FILE = 1024 * 1024;
/** The part of the budget that one of them may have. */
const SHARE = 16;
/** Files may be kept for ever; that there is none must not be. */
const PATIENCE = 1000;
/** What an entry costs besides its bytes. */
const OVERHEAD = 512;

/**
 * Keeps files within a budget. Each has its turn to go, in the order in which they came; one that
 * was asked for since its last turn stays until the next.
 */
export class FileCache {
  readonly #kept = new Map<string, Kept>();
  readonly #budget: number;
  readonly #revalidate: number;
  readonly #identify: (key: string) => Promise<string | undefined>;
  #weight = 0;

  /**
   * Makes an empty memory.
   *
   * @param identify Asks the file system for the identity of what is there now.
   */
  constructor(
    { bytes = 16 * 1024 * 1024, revalidate = 1000 }: MemoryCacheOptions,
    identify: (key: string) => Promise<string | undefined>,
  ) {
    [this.#budget, this.#revalidate, this.#identify] = [bytes, revalidate, identify];
  }

  /** The entry of a file that is kept and has not changed. */
  find(key: string): Entry | undefined | Promise<Entry | undefined> {
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    kept.asked = true;
    if (this.#revalidate > 0 && performance.now() - kept.checked < this.#revalidate) {
      return kept.entry;
    }
    return this.#check(key, kept);
  }

  async #check(key: string, kept: Kept): Promise<Entry | undefined> {
    const asked = performance.now();
    const same = kept.identity !== undefined && await this.#identify(key) === kept.identity;
    if (same) kept.checked = asked;
    else this.#forget(key, kept);
    return same ? kept.entry : undefined;
  }

  /** How old an answer may be that is not about a file in memory, in milliseconds. */
  get patience(): number {
    return Math.min(this.#revalidate, PATIENCE);
  }

  /** Makes the entry of a file that was read, with a tag made of its content, and keeps it. */
  async keep(key: string, name: string, file: SmallFile): Promise<Entry> {
    const { bytes, lastModified, realPath } = file;
    const read = await hashedEntry(name, bytes, { lastModified, realPath });
    this.keepEntry(key, read, file);
    return read;
  }

  /** Whether a file is not so large that others would have to go for it. */
  fits(size: number): boolean {
    return size <= Math.min(LARGEST_LONG_FILE, this.#budget / SHARE);
  }

  /** Keeps an entry whose bytes were read; from now on they come from memory. */
  keepEntry(key: string, read: Entry, file: Pick<SmallFile, "identity" | "settled">): void {
    const identity = file.settled ? file.identity : undefined;
    const weight = read.size + OVERHEAD;
    if (weight > this.#budget) return;
    const entry = { ...read, inMemory: true };
    const before = this.#kept.get(key);
    if (before) this.#forget(key, before);
    this.#kept.set(key, { entry, identity, checked: performance.now(), asked: true });
    this.#weight += weight;
    for (const [next, kept] of this.#kept) {
      if (this.#weight <= this.#budget) break;
      if (kept.asked) this.#defer(next, kept);
      else this.#forget(next, kept);
    }
  }

  #defer(key: string, kept: Kept): void {
    kept.asked = false;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
  }

  #forget(key: string, kept: Kept): void {
    if (this.#kept.get(key) !== kept) return;
    this.#kept.delete(key);
    this.#weight -= kept.entry.size + OVERHEAD;
  }
}
