/**
 * Requests as hosts hand them to our own handlers. A host may pass one that makes its native
 * `Request` only when somebody else is to see it.
 *
 * @module
 */

/** A request of a host's own. */
export abstract class HostRequest {
  /** Makes the native request: the same one at every call without a URL. */
  abstract native(url?: string): Request;
}

/**
 * The request that code other than ours may see, handlers and callbacks alike.
 *
 * @param url The URL to give it, if another.
 */
export function nativeRequest(request: Request, url?: string): Request {
  if ((request as object) instanceof HostRequest) {
    return (request as object as HostRequest).native(url);
  }
  return url === undefined ? request : new Request(url, request);
}
