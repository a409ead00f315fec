/**
 * References of an upstream to itself, changed to where the client finds it.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { mapLink, mapRefresh } from "../http/references.ts";
import { insecureCookie, mapCookie } from "../http/cookies.ts";

/** Where the upstream is, and where the client finds it. */
export interface Places {
  /** The origins by which the upstream knows itself: `http://127.0.0.1:5001`. */
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
/** What URL parsers drop or take for a slash; such a reference is not what it seems to be. */
const ODD = /[\p{Cc}\\]/u;
/** Fields that hold references. */
const REFERRING = new Set(["location", "content-location", "refresh", "link", "set-cookie"]);

/** The fields of a response with their references changed. */
export function rewrite(fields: readonly Field[], find: () => Places): readonly Field[] {
  if (!fields.some(([name]) => REFERRING.has(name))) return fields;
  const places = find();
  const map = (reference: string): string => mapReference(reference, places);
  return fields.map(([name, value]): Field => {
    if (name === "location" || name === "content-location") return [name, map(value)];
    if (name === "refresh") return [name, mapRefresh(value, map)];
    if (name === "link") return [name, mapLink(value, map)];
    if (name === "set-cookie") return [name, mapCookie(value, cookieMap(places))];
    return [name, value];
  });
}

/** The fields of a response with cookies that a browser takes from a page without TLS. */
export function withoutSecure(fields: readonly Field[]): readonly Field[] {
  return fields.map(([name, value]): Field =>
    name === "set-cookie" ? [name, insecureCookie(value)] : [name, value]
  );
}

/**
 * Where the client finds what a reference of the upstream is to; the reference itself when it is to
 * somewhere else, is relative to where it stands, or is under the client's prefix already, as from
 * an application that reads `X-Forwarded-Prefix`.
 */
export function mapReference(reference: string, places: Places): string {
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

/** A path of the upstream, with its query, as the client's; `undefined` when it is not under the base. */
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
    // One that is the upstream's and not ours would make the browser drop the cookie.
    keepsDomain: (domain) =>
      isWithin(front, domain) || !names.some((name) => isWithin(name, domain)),
    path: (path) => {
      if (!path.startsWith("/") || (prefix !== "" && isUnder(path, prefix))) return path;
      // Wherever the whole of the target is meant, the whole of the prefix is.
      if (isUnder(base, path.replace(/\/$/, ""))) return prefix || "/";
      return isUnder(path, base) ? prefix + path.slice(base.length) : path;
    },
  };
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
