/**
 * Trailer fields, which follow the body (RFC 9110 §6.5).
 *
 * @module
 */
import { endToEnd } from "./hop_by_hop.ts";
import type { Field, RawHeaders } from "./fields.ts";

/** A message with trailer fields. */
export interface Trailed {
  /** The headers. */
  readonly fields: Iterable<Field>;
  /** The trailer fields, when the body has ended. */
  readonly trailers?: Promise<readonly Field[]> | undefined;
}

/** Trailer fields to send. */
export interface Trailers {
  /** The names that were announced in `Trailer`, or `""`. */
  readonly announced: string;
  /** The trailer fields, when the body has ended. The promise never rejects. */
  readonly fields: Promise<RawHeaders>;
}

/**
 * Fields that are not allowed as trailers (RFC 9110 §6.5.1), since they are about framing, routing,
 * request modifiers, authentication, response control or the format of the body. A recipient that
 * merges trailers into the headers must not find these.
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
/** A valid field (RFC 9110 §5.1, §5.5). Others are left out: the headers have been sent already. */
const NAME = /^[\w!#$%&'*+\-.^`|~]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The trailer fields of a message that may be forwarded. */
export function forwardedTrailers({ fields, trailers }: Trailed): Trailers {
  const lines = [...fields].map(([name, value]) => [name.toLowerCase(), value] as const);
  // `Connection` may name trailer fields, too (RFC 9110 §7.6.1).
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
