/**
 * Globs of configuration against paths of requests.
 *
 * @module
 */
import picomatch from "picomatch/posix.js";

/**
 * Compiles a glob for paths without a leading slash. Case and Unicode form do not matter: on some
 * file systems they do not either. A `*` takes names with a dot, too.
 */
export function glob(pattern: string): (path: string) => boolean {
  const matches = picomatch(fold(pattern).replace(/^(!?)\//, "$1"), { dot: true });
  return (path) => matches(fold(path));
}

/** By way of upper case: to a file system that folds case, `ſ` may be `s`. */
function fold(text: string): string {
  return text.normalize("NFC").toUpperCase().toLowerCase();
}
