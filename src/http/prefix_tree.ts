/**
 * Values by path prefix.
 *
 * @module
 */
import { configuredPath, segmentEnd } from "./path.ts";

/** One segment. Finding a path takes one lookup for each of its segments. */
interface Segment<T> {
  value?: T;
  readonly next: Map<string, Segment<T>>;
}

/** A value, and the index in the path at which its prefix ends. */
export interface PrefixMatch<T> {
  readonly value: T;
  readonly end: number;
}

/**
 * Compiles a table of prefixes. The returned function finds the value with the longest prefix of a
 * canonical path. A prefix ends at the end of a segment. `""` and `"/"` are prefixes of every path.
 *
 * @param option The name of a prefix in errors.
 * @throws {TypeError} If a prefix is not a path, or is given twice.
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
