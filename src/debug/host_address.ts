/**
 * The address of a client, where the host of the handler tells it.
 *
 * @module
 */

/** What Deno passes after the request. */
interface ConnectionInfo {
  readonly remoteAddr?: { readonly hostname?: unknown; readonly transport?: unknown };
}

/** What Bun passes after the request. */
interface AddressTeller {
  requestIP?(request: Request): { readonly address?: unknown } | null;
}

/**
 * Reads the address from the platform arguments.
 *
 * @param original The request as the host made it.
 */
export function hostAddress(original: Request, args: readonly unknown[]): string | undefined {
  for (const arg of args) {
    if (typeof arg !== "object" || arg === null) continue;
    const { remoteAddr } = arg as ConnectionInfo;
    if (typeof remoteAddr?.hostname === "string") return remoteAddr.hostname;
    const teller = arg as AddressTeller;
    if (typeof teller.requestIP !== "function") continue;
    const address = teller.requestIP(original)?.address;
    if (typeof address === "string") return address;
  }
  return undefined;
}
