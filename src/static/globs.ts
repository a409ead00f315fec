/**
 * Globs of configuration against paths of requests.
 *
 * @module
 */
import picomatch from "picomatch/posix.js";
import { foldCase } from "../http/safe_path.ts";

/**
 * Compiles a glob for paths without a leading slash. Case and Unicode form do not matter: on some
 * file systems they do not either. A `*` takes names with a dot, too.
 */
export function glob(pattern: string): (path: string) => boolean {
  const matches = picomatch(foldCase(pattern).replace(/^(!?)\//, "$1"), { dot: true });
  return (path) => matches(foldCase(path));
}
