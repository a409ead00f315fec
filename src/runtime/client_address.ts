/**
 * Who sent a request, as each host tells it.
 *
 * @module
 */

import { HostRequest } from "../http/received.ts";

const addresses = new WeakMap<Request, string>();

/** Notes who sent a request, for a host that makes its requests itself. */
export function setClientAddress(request: Request, address: string): void {
  addresses.set(request, address);
}

/**
 * The address at the other end of the connection, or `undefined` where the host does not tell.
 *
 * @param request The request as the host passed it.
 * @param args What it passed after the request: `info` on Deno, `server` on Bun.
 */
export function clientAddress(request: Request, args: readonly unknown[]): string | undefined {
  const known = (request as object) instanceof HostRequest
    ? (request as object as HostRequest).address
    : addresses.get(request);
  if (known !== undefined) return known;
  const [host] = args as readonly [
    {
      readonly remoteAddr?: { readonly hostname?: string };
      requestIP?(request: Request): { readonly address: string } | null;
    }?,
  ];
  if ("Deno" in globalThis) return host?.remoteAddr?.hostname;
  if ("Bun" in globalThis) return host?.requestIP?.(request)?.address;
  // Cloudflare sets it; anywhere else a client could.
  if ("WebSocketPair" in globalThis) return request.headers.get("cf-connecting-ip") ?? undefined;
  return undefined;
}
