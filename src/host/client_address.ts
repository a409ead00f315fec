/**
 * What each host tells of the connection of a request.
 *
 * @module
 */
import { hostRequestOf } from "./host_request.ts";

/** What Deno passes as `info`, and Bun as `server`. */
interface Host {
  readonly remoteAddr?: { readonly hostname?: string };
  requestIP?(request: Request): { readonly address: string } | null;
}

/**
 * The address at the other end of the connection, or `undefined` where the host does not tell.
 *
 * @param request The request as the host passed it.
 * @param args What it passed after the request: `info` on Deno, `server` on Bun.
 */
export function clientAddress(request: Request, args: readonly unknown[]): string | undefined {
  const known = hostRequestOf(request)?.address;
  if (known !== undefined) return known;
  const [host] = args as readonly [Host?];
  if ("Deno" in globalThis) return host?.remoteAddr?.hostname;
  if ("Bun" in globalThis) return host?.requestIP?.(request)?.address;
  // Cloudflare sets it; anywhere else a client could.
  if ("WebSocketPair" in globalThis) return request.headers.get("cf-connecting-ip") ?? undefined;
  return undefined;
}

/**
 * Whether Bun has made a WebSocket of the client's connection, so that the handler has no response to
 * return.
 *
 * @param request The request as the host passed it.
 * @param args What it passed after the request.
 */
export function isUpgraded(request: Request, args: readonly unknown[]): boolean {
  const [host] = args as readonly [Host?];
  return "Bun" in globalThis && host?.requestIP?.(request) === null;
}
