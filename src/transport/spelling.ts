/**
 * The parts of a URL as they are written to a connection.
 *
 * @module
 */
import { sideTable } from "../host/side_table.ts";

/** The host of a URL as a socket connects to it. */
export function addressOf(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** URLs whose path and query are to be sent in another spelling, as long as they stay as they are. */
const spellings = sideTable<URL, { readonly href: string; readonly target: string }>();

/** Has the path and the query of a URL sent in another spelling. */
export function spell(url: URL, target: string): void {
  spellings.set(url, { href: url.href, target });
}

/** The path and the query, with a question mark that nothing follows, too. */
export function requestTarget(url: URL, origin: string = url.origin): string {
  const spelt = spellings.get(url);
  if (spelt?.href === url.href) return spelt.target;
  return url.href.slice(origin.length, url.href.length - url.hash.length);
}
