/**
 * Requests as hosts pass them to our own handlers. A host may pass a {@linkcode HostRequest}, which
 * makes a native `Request` only when a foreign handler or a callback needs it.
 *
 * @module
 */

import { addressFrom } from "../runtime.ts";
import { sideTable } from "./side_table.ts";
import type { Field, RawHeaders } from "../http/fields.ts";
import type { PushBody, ResponseBody, ResponseHead } from "./types.ts";

/** A request that a host has received, before a native `Request` is made of it. */
export abstract class HostRequest {
  /** The headers as they were received. */
  abstract readonly fields: RawHeaders;
  /** The IP address of the peer. */
  abstract readonly address: string | undefined;
  /** Whether the host can turn the connection into a tunnel. */
  abstract readonly upgradable: boolean;
  /** Why the client has disconnected, if it has. */
  abstract readonly disconnectReason: Error | undefined;
  /** Adds a callback for when the client disconnects. It needs no `signal`. */
  abstract onDisconnect(callback: () => void): void;
  /** Removes a callback. */
  abstract offDisconnect(callback: () => void): void;
  /** Whether the client is known to support `103 Early Hints`. */
  abstract readonly supportsEarlyHints: boolean;
  /** Sends `103 Early Hints` with the values of `Link`, unless the response has begun. */
  abstract sendEarlyHints(links: readonly string[]): void;
  /** The native request. Without a URL, each call returns the same one. */
  abstract native(url?: string): Request;
  /** Makes a response that the host can send cheaply. It is a `Response`. */
  abstract respond(body: ResponseBody | PushBody, head: ResponseHead): Response;
}

/** The host's requests of native ones. */
const hostRequests = sideTable<Request, HostRequest>();

/** Links a native request to the host's request that it was made of. */
export function linkNative(native: Request, host: HostRequest): Request {
  hostRequests.set(native, host);
  return native;
}

/** The host's request that this request is, or was made of. */
export function hostRequestOf(request: Request): HostRequest | undefined {
  return hostRequest(request) ?? hostRequests.get(request);
}

/**
 * The IP address of the peer; `undefined` if the host does not tell it.
 *
 * @param request The request as the host passed it.
 * @param args The platform arguments: `info` on Deno, `server` on Bun.
 */
export function clientAddress(request: Request, args: readonly unknown[]): string | undefined {
  return hostRequestOf(request)?.address ?? addressFrom(request, args);
}

/**
 * The native request, for handlers and callbacks of the user.
 *
 * @param url Another URL for it.
 */
export function nativeRequest(request: Request, url?: string): Request {
  const host = hostRequest(request);
  if (host) return host.native(url);
  if (url === undefined) return request;
  if (request.mode !== "navigate") return new Request(url, request);
  // A service worker receives navigations, which `new Request` rejects (Fetch §5.4).
  const { referrer, referrerPolicy } = request;
  return new Request(url, new Request(request, { mode: "same-origin", referrer, referrerPolicy }));
}

/** The headers of a request; as they were received, if the host provides them. */
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
  // HTTP/2 clients may send several; HTTP/1.1 has only one (RFC 9113 §8.2.3).
  if (cookies.length > 0) lines.push(["cookie", cookies.join("; ")]);
  return lines;
}

/** Whether the client has disconnected. */
export function isDisconnected(request: Request): boolean {
  const host = hostRequest(request);
  return host ? host.disconnectReason !== undefined : request.signal.aborted;
}

/** Why the client has disconnected. */
export function disconnectReasonOf(request: Request): unknown {
  return hostRequest(request)?.disconnectReason ?? request.signal.reason;
}

/** Adds a callback for when the client disconnects. */
export function onDisconnect(request: Request, callback: () => void): void {
  const host = hostRequest(request);
  if (host) host.onDisconnect(callback);
  else request.signal.addEventListener("abort", callback);
}

/** Removes a callback. The signal of a client may outlive many requests. */
export function offDisconnect(request: Request, callback: () => void): void {
  const host = hostRequest(request);
  if (host) host.offDisconnect(callback);
  else request.signal.removeEventListener("abort", callback);
}

function hostRequest(request: object): HostRequest | undefined {
  return request instanceof HostRequest ? request : undefined;
}
