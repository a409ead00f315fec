/**
 * Requests as hosts hand them to our own handlers. A host may pass one that makes its native
 * `Request` only when somebody else is to see it.
 *
 * @module
 */

import { addressFrom } from "../runtime.ts";
import { sideTable } from "./side_table.ts";
import type { Field, RawHeaders } from "../http/fields.ts";
import type { PushBody, ResponseBody, ResponseHead } from "./types.ts";

/** A request of a host's own. */
export abstract class HostRequest {
  /** The field lines as they were received. */
  abstract readonly fields: RawHeaders;
  /** The address at the other end of the client's connection. */
  abstract readonly address: string | undefined;
  /** Whether the host can make a tunnel of the client's connection. */
  abstract readonly upgradable: boolean;
  /** Why the client is gone, if it is. */
  abstract readonly disconnectReason: Error | undefined;
  /** Calls back when the client leaves; the same as an event of `signal`, without one. */
  abstract onDisconnect(callback: () => void): void;
  /** Forgets what `onDisconnect` was given. */
  abstract offDisconnect(callback: () => void): void;
  /** Whether the client is known to understand `103 Early Hints`. */
  abstract readonly supportsEarlyHints: boolean;
  /** Sends `103 Early Hints` with the values of `Link`, unless the response has begun. */
  abstract sendEarlyHints(links: readonly string[]): void;
  /** Makes the native request: the same one at every call without a URL. */
  abstract native(url?: string): Request;
  /** Makes a response as the host likes to send it; a `Response` for whoever looks at it. */
  abstract respond(body: ResponseBody | PushBody, head: ResponseHead): Response;
}

/** The requests of hosts that native ones were made of. */
const hostRequests = sideTable<Request, HostRequest>();

/** For hosts: lets a native request be recognised as one of theirs. */
export function linkNative(native: Request, host: HostRequest): Request {
  hostRequests.set(native, host);
  return native;
}

/** The request of a host that this one is, or that this native one was made of. */
export function hostRequestOf(request: Request): HostRequest | undefined {
  return hostRequest(request) ?? hostRequests.get(request);
}

/**
 * The address at the other end of the client's connection, or `undefined` where the host does not
 * tell it.
 *
 * @param request The request as the host passed it.
 * @param args The platform arguments: `info` on Deno, `server` on Bun.
 */
export function clientAddress(request: Request, args: readonly unknown[]): string | undefined {
  return hostRequestOf(request)?.address ?? addressFrom(request, args);
}

/**
 * The request that code other than ours may see, handlers and callbacks alike.
 *
 * @param url The URL to give it, if another.
 */
export function nativeRequest(request: Request, url?: string): Request {
  const host = hostRequest(request);
  if (host) return host.native(url);
  if (url === undefined) return request;
  if (request.mode !== "navigate") return new Request(url, request);
  // A service worker gets navigations, which no code may make (Fetch §5.4, `new Request`).
  const { referrer, referrerPolicy } = request;
  return new Request(url, new Request(request, { mode: "same-origin", referrer, referrerPolicy }));
}

/** The field lines of a request: as they were received, where the host tells. */
export function fieldLines(request: Request): Iterable<Field> {
  const fields = hostRequest(request)?.fields;
  if (!fields) return request.headers;
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

/** Whether the client of a request is gone. */
export function isDisconnected(request: Request): boolean {
  const host = hostRequest(request);
  return host ? host.disconnectReason !== undefined : request.signal.aborted;
}

/** Why the client of a request is gone, where it is. */
export function disconnectReasonOf(request: Request): unknown {
  return hostRequest(request)?.disconnectReason ?? request.signal.reason;
}

/** Calls back when the client of a request leaves. */
export function onDisconnect(request: Request, callback: () => void): void {
  const host = hostRequest(request);
  if (host) host.onDisconnect(callback);
  else request.signal.addEventListener("abort", callback);
}

/** Forgets what `onDisconnect` was given. The signal of a client may outlive many requests. */
export function offDisconnect(request: Request, callback: () => void): void {
  const host = hostRequest(request);
  if (host) host.offDisconnect(callback);
  else request.signal.removeEventListener("abort", callback);
}

function hostRequest(request: object): HostRequest | undefined {
  return request instanceof HostRequest ? request : undefined;
}
