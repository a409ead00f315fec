/**
 * Rewrites references between the client and an upstream. In a response, references of the upstream
 * to itself become those by which the client finds it; in a request it is the other way round.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { canonicalPath } from "../http/path.ts";
import { mapLink, mapRefresh } from "../http/references.ts";
import { parseRequestTarget } from "../http/request_target.ts";
import { insecureCookie, mapCookie } from "../http/cookies.ts";
import type { OutgoingRequest } from "../transport/transport.ts";
import { frontOf } from "./client_info.ts";
import type { ClientRequest, SendingUpstream } from "./types.ts";

/** Where an upstream is, and where the client finds it. */
export interface Places {
  /** The origins by which the upstream may know itself: `http://127.0.0.1:5001`. */
  readonly origins: readonly string[];
  /** The path of the target without the slash at its end: `""` or `/app`. */
  readonly base: string;
  /** The path that the client knows in its place: `""` or `/docs`. */
  readonly prefix: string;
  /** The host that the client asked for. */
  readonly host: string;
}

/** A scheme and an authority; what follows is a path. */
const ABSOLUTE = /^(?:(https?):)?\/\/([^/?#]*)(.*)$/is;
/** What URL parsers drop or read as a slash: such a reference is not what it seems to be. */
const ODD = /[\p{Cc}\\]/u;
/** Fields of a response that hold references. */
const REFERRING = new Set(["location", "content-location", "refresh", "link", "set-cookie"]);

/** Rewrites the references in the fields of a response. */
export function rewriteResponse(
  fields: readonly Field[],
  { client, mount }: ClientRequest,
  upstream: SendingUpstream,
  { url, host, fields: sent }: Pick<OutgoingRequest, "url" | "host" | "fields">,
): readonly Field[] {
  if (!fields.some(([name]) => REFERRING.has(name))) return fields;
  // The upstream may know itself by the Host that it gets, and by the scheme in X-Forwarded-Proto.
  const { proto } = frontOf(sent, client);
  const origins = [url.host, host].flatMap((name) =>
    [url.protocol, `${proto}:`].flatMap((scheme) => URL.parse(`${scheme}//${name}`)?.origin ?? [])
  );
  const places: Places = {
    origins: [...new Set(origins)],
    base: basePath(upstream.url),
    prefix: mount.base,
    host: client.host,
  };
  const map = (reference: string): string => toClient(reference, places);
  return fields.map(([name, value]): Field => {
    if (name === "location" || name === "content-location") return [name, map(value)];
    if (name === "refresh") return [name, mapRefresh(value, map)];
    if (name === "link") return [name, mapLink(value, map)];
    if (name === "set-cookie") return [name, mapCookie(value, cookieMap(places))];
    return [name, value];
  });
}

/** Removes `Secure` from cookies, so that a browser accepts them from a page without TLS. */
export function withoutSecure(fields: readonly Field[]): readonly Field[] {
  return fields.map(([name, value]): Field =>
    name === "set-cookie" ? [name, insecureCookie(value)] : [name, value]
  );
}

/**
 * A reference of the upstream as the client's. It stays the same if it leads elsewhere, is
 * relative, or is under the client's prefix already, as an application that reads
 * `X-Forwarded-Prefix` sends it.
 */
export function toClient(reference: string, places: Places): string {
  if (ODD.test(reference)) return reference;
  const [, scheme, authority, rest = ""] = ABSOLUTE.exec(reference) ?? [];
  if (authority !== undefined) {
    if (!isOwn(scheme, authority, places.origins)) return reference;
    const path = rest.startsWith("/") ? rest : `/${rest}`;
    return mapPath(path, places) ?? reference;
  }
  return reference.startsWith("/") ? mapPath(reference, places) ?? reference : reference;
}

function isOwn(scheme: string | undefined, authority: string, origins: readonly string[]): boolean {
  return origins.some((origin) => {
    const url = URL.parse(`${scheme ?? origin.slice(0, origin.indexOf(":"))}://${authority}`);
    return url !== null && url.username === "" && url.password === "" && url.origin === origin;
  });
}

/**
 * A path of the upstream, with its query, as the client's; `undefined` if it is not under the base.
 */
function mapPath(path: string, { base, prefix }: Places): string | undefined {
  if (prefix !== "" && isUnder(path, prefix)) return path;
  if (!isUnder(path, base)) return undefined;
  const mapped = prefix + path.slice(base.length);
  // Two slashes would begin the name of a host.
  return mapped.startsWith("//") ? `/.${mapped}` : mapped;
}

function isUnder(path: string, base: string): boolean {
  return path.startsWith(base) && /^(?:[/?#]|$)/.test(path.slice(base.length, base.length + 1));
}

function cookieMap({ origins, base, prefix, host }: Places): Parameters<typeof mapCookie>[1] {
  const names = origins.map((origin) => new URL(origin).hostname);
  const front = host.toLowerCase().replace(/:[0-9]*$/, "");
  return {
    // A browser would drop the cookie with a domain of the upstream that is not the client's.
    keepsDomain: (domain) =>
      isWithin(front, domain) || !names.some((name) => isWithin(name, domain)),
    path: (path) => {
      if (!path.startsWith("/") || (prefix !== "" && isUnder(path, prefix))) return path;
      // A path above the target covers all of it, and so must the prefix.
      if (isUnder(base, path.replace(/\/$/, ""))) return prefix || "/";
      return isUnder(path, base) ? prefix + path.slice(base.length) : path;
    },
  };
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/** Fields of a request that hold references. */
const TO_UPSTREAM = new Set(["destination", "if", "origin"]);
/** Methods of WebDAV that act on two resources (RFC 4918 §9.8, §9.9). */
const WITH_DESTINATION = new Set(["COPY", "MOVE"]);

/**
 * Rewrites the references in the fields of a request: `Destination`, `If`, and `Origin` if the
 * option says so.
 *
 * @param url The URL of the request to the upstream.
 * @param origin The origin by which the upstream knows itself.
 * @returns `undefined` if the request would act on something outside of the target: a client must
 * not name as a destination what it must not request.
 */
export function rewriteRequest(
  fields: readonly Field[],
  { request: { method }, client, mount, target }: ClientRequest,
  upstream: SendingUpstream,
  origin: string,
): readonly Field[] | undefined {
  if (!fields.some(([name]) => TO_UPSTREAM.has(name))) return fields;
  const front = frontOf(fields, client);
  const toUpstream = (reference: string): string | undefined => {
    const isPath = reference.startsWith("/") && !reference.startsWith("//");
    const absolute = isPath ? `http://${front.host}${reference}` : reference;
    const found = parseRequestTarget(absolute, null);
    if (!found || !isFront(found.origin, front.host)) return undefined;
    const { canonical, query } = found;
    const prefix = canonicalPath(`${mount.base}/`)?.slice(0, -1) ?? "";
    const own = prefix + target.scope;
    const isInside = canonical === own || canonical.startsWith(`${own}/`);
    if (CLIMBS.test(canonical) || !isInside) return undefined;
    return origin + basePath(upstream.url) + canonical.slice(prefix.length) + query;
  };
  const rewritten: Field[] = [];
  for (const [name, given] of fields) {
    let value: string | undefined = given;
    if (name === "destination" && WITH_DESTINATION.has(method)) value = toUpstream(given);
    else if (name === "if") value = mapLink(given, (tag) => toUpstream(tag) ?? tag);
    else if (name === "origin" && target.rewriteOrigin) {
      // The origin of another site stays, so that the upstream can refuse it.
      if (URL.parse(`${front.proto}://${front.host}`)?.origin === given) value = origin;
    }
    if (value === undefined) return undefined;
    rewritten.push([name, value]);
  }
  return rewritten;
}

/** The scheme is not compared: it is not known where another server has terminated TLS. */
function isFront(origin: string, host: string): boolean {
  const scheme = origin.slice(0, origin.indexOf("://"));
  return URL.parse(origin)?.host === URL.parse(`${scheme}://${host}`)?.host;
}

/** Some decoders accept UTF-8 in more bytes than needed, where `%C0%AE` is a dot (RFC 3629 §10). */
const DOT = "(?:\\.|%C0%AE|%E0%80%AE|%F0%80%80%AE)";
const SLASH = "(?:/|%2F|%5C|%C0%AF|%C1%9C|%E0%80%AF|%E0%81%9C)";
/**
 * Matches a path in canonical form that some upstreams would resolve to one above the target's:
 * they decode a path before they split it. Servers in Java end a segment at `;`, those in C at NUL;
 * others cut off a decoded `?` or `#`, or trim spaces and controls.
 */
export const CLIMBS: RegExp = new RegExp(
  `${SLASH}${DOT}${DOT}(?:${SLASH}|;|$|%3B|%3F|%23|%20|%7F|%[01][0-9A-F])`,
);

/** The path of a URL without the slash at its end. */
export function basePath({ pathname }: URL): string {
  return pathname.endsWith("/") ? pathname.slice(0, -1) : pathname;
}
