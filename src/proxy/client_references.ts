/**
 * References of a client to the place where it finds an upstream, changed to those by which the
 * upstream knows itself: the counterpart of what becomes of `Location`.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { canonicalPath } from "../http/path.ts";
import { mapLink } from "../http/references.ts";
import { parseRequestTarget } from "../http/request_target.ts";

/** Where the client finds the upstream, and where it is. */
export interface Ways {
  /** The host that the client asked for, and the scheme. */
  readonly front: { readonly proto: string; readonly host: string };
  /** The path that the client knows in place of that of the target: `""` or `/docs`. */
  readonly prefix: string;
  /** The part of the path behind it that leads to this target alone: `""` or `/api`. */
  readonly scope: string;
  /** The origin by which the upstream knows itself. */
  readonly origin: string;
  /** The path of the target without the slash at its end. */
  readonly base: string;
  /** Whether `Origin` is changed, too. */
  readonly rewriteOrigin: boolean;
}

/** Methods of WebDAV that act on two resources (RFC 4918 §9.8, §9.9). */
const WITH_DESTINATION = new Set(["COPY", "MOVE"]);
const REFERRING = new Set(["destination", "if", "origin"]);

/** To decoders that take UTF-8 in more bytes than it needs, `%C0%AE` is a dot (RFC 3629 §10). */
const DOT = "(?:\\.|%C0%AE|%E0%80%AE|%F0%80%80%AE)";
const SLASH = "(?:/|%2F|%5C|%C0%AF|%C1%9C|%E0%80%AF|%E0%81%9C)";
/**
 * What is a dot segment for upstreams that decode a path before they split it: it would climb out of
 * the target's path. Java's servers end a name at `;`, those in C at NUL; others cut a decoded `?` or
 * `#` off, or trim spaces and controls.
 */
const CLIMBS = new RegExp(
  `${SLASH}${DOT}${DOT}(?:${SLASH}|;|$|%3B|%3F|%23|%20|%7F|%[01][0-9A-F])`,
);

/** Whether a path in canonical form would leave the target's, to some upstreams. */
export function climbs(canonical: string): boolean {
  return CLIMBS.test(canonical);
}

/**
 * The fields of a request with their references changed, or `undefined` when it would act on
 * something that is not behind this proxy: what a client may not ask for, it may not name as the
 * destination of something else.
 */
export function mapReferences(
  fields: readonly Field[],
  method: string,
  find: () => Ways,
): readonly Field[] | undefined {
  if (!fields.some(([name]) => REFERRING.has(name))) return fields;
  const ways = find();
  const mapped: Field[] = [];
  for (const [name, value] of fields) {
    let mappedValue: string | undefined = value;
    if (name === "destination" && WITH_DESTINATION.has(method)) {
      mappedValue = mapReference(value, ways);
    } else if (name === "if") mappedValue = mapLink(value, (tag) => mapReference(tag, ways) ?? tag);
    else if (name === "origin" && ways.rewriteOrigin) mappedValue = mapOrigin(value, ways);
    if (mappedValue === undefined) return undefined;
    mapped.push([name, mappedValue]);
  }
  return mapped;
}

/** A page of another site stays one: an upstream refuses it for its own sake. */
function mapOrigin(value: string, { front: { proto, host }, origin }: Ways): string {
  return URL.parse(`${proto}://${host}`)?.origin === value ? origin : value;
}

function mapReference(reference: string, ways: Ways): string | undefined {
  const absolute = reference.startsWith("/") && !reference.startsWith("//")
    ? `http://${ways.front.host}${reference}`
    : reference;
  const target = parseRequestTarget(absolute, null);
  if (!target || !isFront(target.origin, ways.front.host)) return undefined;
  const { canonical, query } = target;
  const prefix = canonicalPath(`${ways.prefix}/`)?.slice(0, -1) ?? "";
  const own = prefix + ways.scope;
  if (climbs(canonical) || !(canonical === own || canonical.startsWith(`${own}/`))) {
    return undefined;
  }
  return ways.origin + ways.base + canonical.slice(prefix.length) + query;
}

/** Where something else has taken TLS off, the scheme is not known. */
function isFront(origin: string, host: string): boolean {
  const scheme = origin.slice(0, origin.indexOf("://"));
  return URL.parse(origin)?.host === URL.parse(`${scheme}://${host}`)?.host;
}
