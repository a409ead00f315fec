/**
 * Decides who may see an error, and who may send commands. In doubt, a request is refused.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { clientAddress as connectionAddress, nativeRequest } from "../host/host_request.ts";
import { clientBehind } from "../http/forwarded.ts";
import { isAuthority } from "../http/request_target.ts";
import type { DebugSettings } from "./debug_options.ts";

/** The client of a request. */
export interface DebugClient {
  /** The address of the client, if it is known. */
  readonly address: string | undefined;
  /** Whether the request came from a trusted proxy. */
  readonly proxied: boolean;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 400 | 403;
  /** The reason and the remedy, for the log. */
  readonly reason: string;
}

/** Headers that proxies, tunnels and data centres add. */
const FORWARDED =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|true-client-ip|cf-.*|fly-.*|fastly-.*)$/;
/** The header with the client's address on Workers, also in development. */
const EDGE_ADDRESS = "cf-connecting-ip";
/** The addresses in `Forwarded` (RFC 7239 §6), without their ports. */
const FORWARDED_FOR = /\bfor="?(?:\[([^\]"]{0,45})\]|([^\s:",;]{0,45}))/gi;

/**
 * Finds the client: the peer, or the client that a trusted proxy names.
 *
 * @param original The request as the host passed it.
 */
export function identifyPeer(
  original: Request,
  args: readonly unknown[],
  { clientAddress, isTrustedProxy }: DebugSettings,
): DebugClient {
  const peer =
    requireSync("debug: clientAddress", clientAddress?.(nativeRequest(original), ...args)) ??
      connectionAddress(original, args);
  if (peer === undefined || !isTrustedProxy(peer)) return { address: peer, proxied: false };
  const { headers } = original;
  const forwarded = (headers.get("forwarded") ?? "").matchAll(FORWARDED_FOR);
  const addresses = Array.from(forwarded, ([, v6, other]) => v6 ?? other).join();
  const clients = [headers.get("x-forwarded-for") ?? "", addresses]
    .map((list) => clientBehind(peer, list, isTrustedProxy))
    // The address of a proxy says nothing about the client behind it.
    .filter((client) => !isTrustedProxy(client));
  return { address: clients.find((client) => !isLoopback(client)) ?? clients[0], proxied: true };
}

/** Returns why a request may not see an error, or `undefined` if it may. */
export function refuseOrigin(
  request: Request,
  { address, proxied }: DebugClient,
  { trustedHosts, edge }: Pick<DebugSettings, "trustedHosts" | "edge">,
): Refusal | undefined {
  const { headers } = request;
  // DNS rebinding: the host name of another site may resolve to this machine. All names count: those
  // that the client sent, and the one that the host of the handler made of them.
  const hosts = [headers.get("host") ?? "", new URL(request.url).host];
  if (proxied) hosts.push(...forwardedHosts(request));
  const other = hosts.find((host) => !isTrusted(host, trustedHosts));
  if (other !== undefined) {
    return { status: 400, reason: `the host ${JSON.stringify(other)} is not one of trustedHosts` };
  }
  const field = proxied
    ? undefined
    : [...headers.keys()].find((name) => FORWARDED.test(name) && !(edge && name === EDGE_ADDRESS));
  if (field !== undefined) {
    const reason = `the request was forwarded (${field}) by a peer that is not one of ` +
      `trustedProxies: ${address ?? "its address is unknown, pass clientAddress"}`;
    return { status: 403, reason };
  }
  return address === undefined || isLoopback(address)
    ? undefined
    : { status: 403, reason: `the client ${JSON.stringify(address)} is not this machine` };
}

/** Whether a command was sent by a page of the debugger. Pages of other sites can send requests too. */
export function isOwnOrigin(request: Request, { proxied }: DebugClient): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = request.headers.get("origin");
  if (origin === null) return true;
  const own = new URL(request.url);
  if (!proxied) return origin === own.origin;
  // A proxy may change the scheme and the host. The hosts that it names are trusted ones.
  const host = /^https?:\/\/([^/]*)$/.exec(origin)?.[1];
  return host !== undefined && [own.host, ...forwardedHosts(request)].includes(host);
}

/** Whether an address is one of this machine. */
export function isLoopback(address: string): boolean {
  const bare = address.toLowerCase().replace(/^\[|\]$/g, "").replace(/^::ffff:/, "");
  return bare === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(bare);
}

function forwardedHosts({ headers }: Request): string[] {
  return headers.get("x-forwarded-host")?.split(",").map((host) => host.trim()) ?? [];
}

function isTrusted(authority: string, hosts: readonly string[]): boolean {
  if (!isAuthority(authority)) return false;
  const name = authority.replace(/:\d*$/, "").toLowerCase();
  return hosts.some((host) =>
    host.startsWith(".") ? name.endsWith(host) && !name.startsWith(".") : name === host
  );
}
