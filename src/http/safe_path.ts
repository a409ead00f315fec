/**
 * The segments of a path, decoded once, that are safe names for a file system or a store.
 *
 * @module
 */

/** Controls, and separators of any system. */
const UNSAFE = /[\p{Cc}/\\]/u;
/** Windows opens a device for these, whatever the directory and the extension. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ .]*(?:\.|$)/i;
/** The short name that Windows may give a file as a second name: `SECRET~1.KEY` (8.3). */
const SHORT = /^(?=[^.]{1,8}(?:\.[^.]{1,3})?$)[^.~]*~[0-9]/;
/** The longest name that file systems allow. */
const LONGEST = 255;

/**
 * The decoded segments of a canonical path. Returns `undefined` if a segment is a name that file
 * systems understand differently: such a name is rejected, not repaired. The path is split before
 * it is decoded, so that `%2F` never becomes a separator, and decoded once, so that `%252e` never
 * becomes a dot.
 *
 * @param path `""` (no segments) or a canonical path with its leading slash.
 * @param colons Whether names may have a colon. On Windows, it marks a drive or a stream.
 */
export function safeSegments(path: string, colons = false): readonly string[] | undefined {
  if (path === "") return [];
  const segments: string[] = [];
  for (const raw of path.slice(1).split("/")) {
    const name = decodeSegment(raw);
    if (name === undefined || !isSafeName(name) || (!colons && name.includes(":"))) {
      return undefined;
    }
    segments.push(name);
  }
  return segments;
}

function decodeSegment(raw: string): string | undefined {
  if (!raw.includes("%")) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined; // not UTF-8
  }
}

function isSafeName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && name.length <= LONGEST &&
    !UNSAFE.test(name) && !DEVICE.test(name) && !SHORT.test(name) &&
    !name.endsWith(".") && !name.endsWith(" "); // Windows removes them from the end of names
}

/**
 * The form in which names are compared that a case-insensitive file system takes for the same name.
 * By way of upper case, since `ſ` and `s` have the same one.
 */
export function foldCase(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase();
}
