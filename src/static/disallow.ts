/**
 * Which files of an export are not served.
 *
 * @module
 */
import picomatch from "picomatch/posix.js";

/** Decides about the decoded names of a path below an export. */
export type Guard = (segments: readonly string[]) => boolean;

/**
 * Compiles globs. One without a slash is held against every segment, one with a slash against the
 * whole path. Case and Unicode form do not matter: on some file systems they do not either.
 *
 * @throws {TypeError} When a pattern is not a string, or empty.
 */
export function disallowing(patterns: string | readonly string[] = []): Guard {
  const matchers = [patterns].flat().map((pattern) => {
    if (typeof pattern !== "string" || pattern === "") {
      throw new TypeError(
        `serveStatic: disallow holds ${JSON.stringify(pattern)}; give globs such as "*.key"`,
      );
    }
    const matches = picomatch(fold(pattern).replace(/^\//, ""), { dot: true });
    return pattern.includes("/")
      ? (segments: readonly string[]) => matches(segments.join("/"))
      : (segments: readonly string[]) => segments.some((segment) => matches(segment));
  });
  return (segments) => {
    const folded = segments.map(fold);
    return matchers.some((matches) => matches(folded));
  };
}

function fold(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
