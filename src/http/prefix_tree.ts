/**
 * Values by the beginning of a path.
 *
 * @module
 */
import { configuredPath, segmentEnd } from "./path.ts";

/** One segment; a walk along a path is one lookup per segment, however many prefixes there are. */
interface Segment<T> {
  value?: T;
  readonly next: Map<string, Segment<T>>;
}

/** What `find` gives: a value, and where in the path its prefix ends. */
export interface PrefixMatch<T> {
  readonly value: T;
  readonly end: number;
}

/**
 * Compiles a table of prefixes. The function it returns gives the value with the longest prefix of
 * a canonical path that ends where a segment ends; the prefix `""` or `"/"` is one of every path.
 *
 * @param option What the prefixes are called in errors.
 * @throws {TypeError} When a prefix is no path, or is there twice.
 */
export function longestPrefix<T extends object>(
  option: string,
  table: Iterable<readonly [prefix: string, value: T]>,
): (path: string) => PrefixMatch<T> | undefined {
  const root: Segment<T> = { next: new Map() };
  for (const [prefix, value] of table) {
    const segment = plant(root, configuredPath(option, prefix));
    if (segment.value) {
      throw new TypeError(
        `${option} ${JSON.stringify(prefix)} is there twice; keep one of its spellings`,
      );
    }
    segment.value = value;
  }
  return (path) => {
    let found = root.value && { value: root.value, end: 0 };
    for (let segment = root, at = 0; at < path.length;) {
      const end = segmentEnd(path, at);
      const next = segment.next.get(path.slice(at + 1, end));
      if (!next) break;
      if (next.value) found = { value: next.value, end };
      [segment, at] = [next, end];
    }
    return found;
  };
}

function plant<T>(root: Segment<T>, path: string): Segment<T> {
  let segment = root;
  for (let at = 0; at < path.length; at = segmentEnd(path, at)) {
    const name = path.slice(at + 1, segmentEnd(path, at));
    const next: Segment<T> = segment.next.get(name) ?? { next: new Map() };
    segment.next.set(name, next);
    segment = next;
  }
  return segment;
}
