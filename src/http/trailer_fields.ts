/**
 * What may come after the content (RFC 9110 §6.5).
 *
 * @module
 */
import { endToEnd } from "./hop_by_hop.ts";
import type { Field, RawHeaders } from "./fields.ts";

/** What trailer fields follow. */
export interface Trailed {
  /** The fields that came before the content. */
  readonly fields: Iterable<Field>;
  /** Those that come after it, when it has ended. */
  readonly trailers?: Promise<readonly Field[]> | undefined;
}

/** Trailer fields to send. */
export interface Trailers {
  /** The names that were announced in `Trailer`, or `""`. */
  readonly announced: string;
  /** The fields, when the content has ended. It is never rejected. */
  readonly fields: Promise<RawHeaders>;
}

/**
 * Fields that mean something before or with the content only (RFC 9110 §6.5.1): they frame or route
 * it, ask something of its recipient, prove who sent it, control what becomes of it, or say how to
 * read it. Who merges trailer fields into the others must not come upon these.
 */
const NEVER = new Set([
  "age",
  "alt-svc",
  "authentication-info",
  "authorization",
  "cache-control",
  "clear-site-data",
  "cookie",
  "date",
  "expect",
  "expires",
  "forwarded",
  "host",
  "last-modified",
  "link",
  "location",
  "max-forwards",
  "origin",
  "pragma",
  "range",
  "refresh",
  "retry-after",
  "set-cookie",
  "strict-transport-security",
  "vary",
  "via",
  "warning",
  "www-authenticate",
]);
const FAMILIES = /^(?:content-(?!digest$)|if-|access-control-|sec-|proxy-(?!status$)|x-forwarded-)/;
/** What a field is (RFC 9110 §5.1, §5.5); one that is none is left out, as nobody can take it back. */
const NAME = /^[\w!#$%&'*+\-.^`|~]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What goes on of the trailer fields that were received. */
export function forwardedTrailers({ fields, trailers }: Trailed): Trailers {
  const lines = [...fields].map(([name, value]) => [name.toLowerCase(), value] as const);
  // What `Connection` names is the connection's, wherever it stands (RFC 9110 §7.6.1).
  const connection = lines.filter(([name]) => name === "connection");
  const allowed = (given: readonly Field[]): Field[] =>
    endToEnd([...connection, ...given]).filter(([name]) =>
      NAME.test(name) && !NEVER.has(name) && !FAMILIES.test(name)
    );
  const announced = lines.flatMap(([name, value]) => name === "trailer" ? value.split(",") : []);
  return {
    announced: allowed(announced.map((name) => [name.trim(), ""])).map(([name]) => name).join(", "),
    fields: Promise.resolve(trailers ?? []).then(
      (given) => allowed(given).filter(([, value]) => VALUE.test(value)).flat(),
      () => [],
    ),
  };
}

/** Whether a client takes trailer fields (RFC 9110 §10.1.4). */
export function takesTrailers(te: string | null): boolean {
  return te !== null && /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(te);
}
