/**
 * The canonical form of a path. `dispatch`, `serveStatic` and `proxy` match paths in this form.
 *
 * @module
 */

/** Escapes, and characters that should be escaped: they give a path a second spelling. */
// Without the flag `i`: with `u`, U+017F would match "s", and U+212A would match "k".
const ODD = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/gu;
/** RFC 3986 §2.3: an escaped unreserved character is the character itself. */
const UNRESERVED = /[A-Za-z0-9\-._~]/;
/** Broken escapes, and characters that `new URL` removes or takes for a separator. */
const FORBIDDEN = /%(?![0-9A-F]{2})|[\0-\x20\x7f\\]/i;
/** In canonical form the escaped ones are not escaped any more. */
const DOT_SEGMENT = /\/\.\.?(?:\/|$)/;

/**
 * The canonical form of a path: needless escapes decoded, the others in upper case, characters that
 * must be escaped escaped. `%2F`, `%5C` and `%25` stay as they are: decoding one would make another
 * path (RFC 3986 §2.2), and `/%61dmin` must not slip past a mount on `/admin`.
 *
 * Returns `undefined` if the path has no leading slash, or has a broken escape, a control
 * character, a backslash or a dot segment. Clients remove dot segments before they send a request
 * (RFC 3986 §5.2.4). A request that has one tries to match as one path and to be served as another.
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

/**
 * A decoded path, for logs and for callbacks. A path whose escapes are not UTF-8 is left as it is.
 */
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

/** Patterns of other libraries: a wildcard, or a named segment. */
const PATTERN = /\/(?:[^/]*\*|[:{[][\w.])/;

/**
 * Checks a path that was written in a configuration and returns its canonical form without the
 * trailing slash; `""` for the root. A space and letters of any language are read as a client would
 * send them.
 *
 * @throws {TypeError} Naming the option and the remedy.
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
