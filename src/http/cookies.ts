/**
 * The `Cookie` and `Set-Cookie` headers (RFC 6265).
 *
 * @module
 */

/**
 * The value of a cookie that a client sent; of the first, if several have the name.
 *
 * @param header The value of `Cookie`, `null` without one.
 */
export function readCookie(header: string | null, name: string): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** How to map the attributes of a cookie. */
export interface CookieMap {
  /** Whether to keep a `Domain`, given in lower case and without a leading dot. */
  readonly keepsDomain: (value: string) => boolean;
  /** Maps the value of `Path`. */
  readonly path: (value: string) => string;
}

/**
 * The value of `Set-Cookie` with its `Path` replaced, and its `Domain` kept or not (RFC 6265 §5.2).
 * Cookies named `__Host-…` stay as they are: a browser takes them with `Path=/` and no `Domain`
 * only.
 */
export function mapCookie(value: string, map: CookieMap): string {
  const [pair = "", ...attributes] = value.split(";");
  if (/^[ \t]*__host-/i.test(pair)) return value;
  const mapped = attributes.flatMap((attribute) => {
    const equals = attribute.indexOf("=");
    const name = attribute.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const old = attribute.slice(equals + 1).trim();
    if (name === "path") return [replaced(attribute, old, map.path(old))];
    if (name !== "domain") return [attribute];
    return map.keepsDomain(old.replace(/^\./, "").toLowerCase()) ? [attribute] : [];
  });
  return [pair, ...mapped].join(";");
}

function replaced(attribute: string, old: string, value: string): string {
  return old === value ? attribute : ` Path=${value}`;
}

/** Names that browsers take with `Secure` only (RFC 6265bis §4.1.3). */
const SECURE_NAME = /^[ \t]*__(?:host|secure|http|host-http)-/i;
/** `Secure`, and the attributes that browsers accept only together with it. */
const SECURE_ATTRIBUTE = /^[ \t]*(?:secure|partitioned|samesite[ \t]*=[ \t]*none)[ \t]*(?:=|$)/i;

/** The value of `Set-Cookie` without `Secure` and the attributes that need it. */
export function insecureCookie(value: string): string {
  const [pair = "", ...attributes] = value.split(";");
  if (SECURE_NAME.test(pair)) return value;
  return [pair, ...attributes.filter((attribute) => !SECURE_ATTRIBUTE.test(attribute))].join(";");
}
