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
export function requestTarget(url: URL): string {
  return url.href.slice(url.origin.length, url.href.length - url.hash.length);
}
