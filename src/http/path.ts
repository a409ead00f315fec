/**
 * The one form of a path that dispatch, static and proxy match on.
 *
 * @module
 */

/** Escapes, and characters that ought to be: whatever gives a path a second spelling. */
// Without the flag `i`: together with `u` it takes U+017F for an "s", and U+212A for a "k".
const ODD = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/gu;
/** RFC 3986 §2.3: an escaped unreserved character is the character itself. */
const UNRESERVED = /[A-Za-z0-9\-._~]/;
/** Broken escapes, and what `new URL` drops or takes for a separator; no target may hold them. */
const FORBIDDEN = /%(?![0-9A-F]{2})|[\0-\x20\x7f\\]/i;
/** In canonical form the escaped ones are not escaped any more. */
const DOT_SEGMENT = /\/\.\.?(?:\/|$)/;

/**
 * The canonical form of a path: needless escapes decoded, the others in upper case, characters that
 * must be escaped escaped. `%2F`, `%5C` and `%25` stay as they are: decoding one would make another
 * path (RFC 3986 §2.2), and `/%61dmin` must not slip past a mount on `/admin`.
 *
 * Returns `undefined` for what is not a path: no leading slash, a broken escape, a control, a
 * backslash, or a dot segment. Clients remove dot segments before they send (RFC 3986 §5.2.4), so
 * one that arrives is an attempt to be matched as one path and served as another.
 */
export function canonicalPath(path: string): string | undefined {
  if (!path.startsWith("/") || FORBIDDEN.test(path) || !path.isWellFormed()) return undefined;
  const canonical = path.replace(ODD, respell);
  return DOT_SEGMENT.test(canonical) ? undefined : canonical;
}

function respell(odd: string): string {
  if (odd.length < 3) return encodeURIComponent(odd);
  const decoded = String.fromCharCode(Number.parseInt(odd.slice(1), 16));
  return UNRESERVED.test(decoded) ? decoded : odd.toUpperCase();
}

/** A path for people, for logs and for code of the user; one whose escapes are no UTF-8 stays. */
export function readablePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The index where the segment that begins after the slash at `start` ends. */
export function segmentEnd(path: string, start: number): number {
  const end = path.indexOf("/", start + 1);
  return end < 0 ? path.length : end;
}

/** What other libraries read as a pattern: a wildcard, or a segment that is a name. */
const PATTERN = /\/(?:[^/]*\*|[:{[][\w.])/;

/**
 * Checks a path that was written in a configuration and returns its canonical form without the
 * trailing slash; `""` for the root. A space and letters of any language are read as a client would
 * send them.
 *
 * @throws {TypeError} Naming `option` and what to write instead.
 */
export function configuredPath(option: string, path: string): string {
  const refuse = (why: string): never => {
    throw new TypeError(`${option} ${JSON.stringify(path)} ${why}`);
  };
  if (path === "" || path === "/") return "";
  if (!path.startsWith("/")) return refuse('must start with "/"; put one in front');
  const pattern = PATTERN.exec(path);
  if (pattern) {
    const prefix = JSON.stringify(path.slice(0, pattern.index) || "/");
    return refuse(`is a pattern; write ${prefix}, which takes all that is below it`);
  }
  const canonical = canonicalPath(path.replace(/\/$/, "").replaceAll(" ", "%20"));
  if (canonical === undefined || /[?#]/.test(path)) {
    return refuse(
      'must be a path without ".", "..", "\\\\", "?", "#" or controls; escape "%" as "%25"',
    );
  }
  if (/%2F|%5C|\/\/|\/$/.test(canonical)) {
    return refuse("must not hold an escaped separator or an empty segment; leave it out");
  }
  return canonical;
}
