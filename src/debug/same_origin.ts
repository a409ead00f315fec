/**
 * Who may see an error, and who may ask about it. Whatever is in doubt is refused.
 *
 * @module
 */
import { isAuthority } from "../http/request_target.ts";

/** What the guard of one debugger is set to. */
export interface SameOriginOptions {
  /** Names and addresses that a request may be for; `.localhost` is any name below it. */
  readonly trustedHosts: readonly string[];
  /** Whether a proxy in front is expected. */
  readonly trustedProxies: boolean;
  /** Whether this is a Worker, which is told the address of the client in a field. */
  readonly edge: boolean;
}

/** Why a request is refused: the status of its answer, and the reason, for the log. */
export interface Refusal {
  /** The status. */
  readonly status: 400 | 403;
  /** The reason, with the remedy. */
  readonly reason: string;
}

/** Fields that a proxy, a tunnel or a data centre adds. */
const FORWARDED =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|true-client-ip|cf-.*|fly-.*|fastly-.*)$/;

/** What tells a Worker its client, also in development; anywhere else it tells of a tunnel. */
const EDGE_ADDRESS = "cf-connecting-ip";

/**
 * Tells why a request may not see an error, or `undefined` when it may.
 *
 * @param address The address of the client, when it is known.
 */
export function refuseOrigin(
  request: Request,
  address: string | undefined,
  options: SameOriginOptions,
): Refusal | undefined {
  const host = request.headers.get("host");
  // A page of another site can have its own name point to this machine: the name gives it away.
  // What the client sent and what the host made of it must both be trusted.
  if (host === null || !isTrusted(host, options.trustedHosts)) {
    return {
      status: 400,
      reason: `the host ${JSON.stringify(host ?? "")} is not one of trustedHosts`,
    };
  }
  const { host: urlHost } = new URL(request.url);
  if (!isTrusted(urlHost, options.trustedHosts)) {
    return {
      status: 400,
      reason: `the host ${JSON.stringify(urlHost)} is not one of trustedHosts`,
    };
  }
  if (!options.trustedProxies) {
    const field = [...request.headers.keys()].find((name) =>
      FORWARDED.test(name) && !(options.edge && name === EDGE_ADDRESS)
    );
    if (field !== undefined) {
      return { status: 403, reason: `the request was forwarded: it has the field ${field}` };
    }
  }
  const told = options.edge ? request.headers.get(EDGE_ADDRESS) ?? undefined : undefined;
  const other = [address, told].find((known) => known !== undefined && !isLoopback(known));
  return other === undefined
    ? undefined
    : { status: 403, reason: `the client ${JSON.stringify(other)} is not this machine` };
}

/**
 * Whether a command may come from where it says to come from: another site's page can send requests,
 * too, and browsers tell of it.
 */
export function isOwnOrigin(request: Request, trustedProxies: boolean): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = request.headers.get("origin");
  if (origin === null) return true;
  const own = new URL(request.url);
  // A proxy may have taken TLS off.
  if (!trustedProxies) return origin === own.origin;
  return /^https?:\/\/[^/]*$/.test(origin) && origin.replace(/^https?:\/\//, "") === own.host;
}

/** Whether an address is one of this machine itself. */
export function isLoopback(address: string): boolean {
  const bare = address.toLowerCase().replace(/^\[|\]$/g, "").replace(/^::ffff:/, "");
  return bare === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(bare);
}

/** Checks hosts that were configured, and returns them in lower case. */
export function configuredHosts(hosts: readonly string[]): string[] {
  return hosts.map((host) => {
    if (typeof host !== "string" || /:\d+$|\/|\*|^\.?$/.test(host) || !isAuthority(host)) {
      throw new TypeError(
        `debug: trustedHosts has ${
          JSON.stringify(host)
        }; give names without a port, such as "localhost" or ".localhost"`,
      );
    }
    return host.toLowerCase();
  });
}

function isTrusted(authority: string, hosts: readonly string[]): boolean {
  if (!isAuthority(authority)) return false;
  const name = authority.replace(/:\d*$/, "").toLowerCase();
  return hosts.some((host) =>
    host.startsWith(".") ? name.endsWith(host) && !name.startsWith(".") : name === host
  );
}
