/**
 * The names in a path, decoded once and safe to hand to a file system or a store.
 *
 * @module
 */

/** Controls, and separators of any system. */
const UNSAFE = /[\p{Cc}/\\]/u;
/** Windows opens a device for these, whatever the directory and the extension. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ .]*(?:\.|$)/i;
/** The second, short name that Windows may give a file: `SECRET~1.KEY` (8 and 3 characters). */
const SHORT = /^(?=[^.]{1,8}(?:\.[^.]{1,3})?$)[^.~]*~[0-9]/;
/** No file system holds longer names. */
const LONGEST = 255;

/**
 * The decoded segments of a canonical path, or `undefined` when one is not a name that every file
 * system takes for the same thing: refused, not repaired. The path is split before it is decoded,
 * so `%2F` never makes a separator, and decoded once, so `%252e` never makes a dot.
 *
 * @param path `""` (no segments) or a canonical path with its leading slash.
 * @param colons Whether names may have a colon, which Windows takes for that of a drive or a stream.
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
    return undefined; // the escapes are no UTF-8
  }
}

function isSafeName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && name.length <= LONGEST &&
    !UNSAFE.test(name) && !DEVICE.test(name) && !SHORT.test(name) &&
    !name.endsWith(".") && !name.endsWith(" "); // Windows drops these from the end
}

/**
 * What names have in common that a file system may take for the same one. By way of upper case: `ſ`
 * may be `s`.
 */
export function foldCase(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase();
}
