/**
 * The parts of a URL as they are written to a connection.
 *
 * @module
 */

/** The host of a URL as a socket connects to it. */
export function addressOf(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** The path and the query, with a question mark that nothing follows, too. */
export function requestTarget(url: URL, origin: string = url.origin): string {
  return url.href.slice(origin.length, url.href.length - url.hash.length);
}
