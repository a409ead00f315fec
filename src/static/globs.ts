/**
 * Globs of options, matched with paths of requests.
 *
 * @module
 */
import picomatch from "picomatch/posix.js";
import { foldCase } from "../http/safe_path.ts";

/**
 * Compiles a glob for paths without a leading slash. Case and Unicode form are ignored, because some
 * file systems ignore them, too. A `*` matches names with a leading dot.
 */
export function glob(pattern: string): (path: string) => boolean {
  const matches = picomatch(foldCase(pattern).replace(/^(!?)\//, "$1"), { dot: true });
  return (path) => matches(foldCase(path));
}

/** Finds the value of the first glob that matches. A glob without a slash matches in any directory. */
export function globTable<T>(
  table: Readonly<Record<string, T>>,
): (path: string) => T | undefined {
  const rules = Object.entries(table).map(([pattern, value]) => ({
    matches: glob(pattern.includes("/") ? pattern : `**/${pattern}`),
    value,
  }));
  return (path) => rules.find(({ matches }) => matches(path))?.value;
}
