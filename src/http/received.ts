/**
 * Requests as hosts hand them to our own handlers. A host may pass one that makes its native
 * `Request` only when somebody else is to see it.
 *
 * @module
 */

import type { Field } from "./connection.ts";
import type { Flow } from "./flow.ts";
import type { Body, FieldList, Head } from "./respond.ts";

/** A request of a host's own. */
export abstract class HostRequest {
  /** The field lines as they were received. */
  abstract readonly fields: FieldList;
  /** The address at the other end of the client's connection. */
  abstract readonly address: string | undefined;
  /** Whether the host can make a tunnel of the client's connection. */
  abstract readonly upgradable: boolean;
  /** Makes the native request: the same one at every call without a URL. */
  abstract native(url?: string): Request;
  /** Makes a response as the host likes to send it; a `Response` for whoever looks at it. */
  abstract respond(body: Body | Flow, head: Head): Response;
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

/** The field lines of a request: as they were received, where the host tells. */
export function fieldLines(request: Request): Iterable<Field> {
  if (!((request as object) instanceof HostRequest)) return request.headers;
  const { fields } = request as object as HostRequest;
  const lines: Field[] = [];
  const cookies: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, value] = [(fields[i] as string).toLowerCase(), fields[i + 1] as string];
    if (name === "cookie") cookies.push(value);
    else lines.push([name, value]);
  }
  // In HTTP/2 a client may send several, which others would not understand (RFC 9113 §8.2.3).
  if (cookies.length > 0) lines.push(["cookie", cookies.join("; ")]);
  return lines;
}
