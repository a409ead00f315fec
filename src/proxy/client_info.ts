/**
 * Identifies the client of a request, and tells upstreams about it in forwarding fields.
 *
 * @module
 */
import { clientBehind, forwardedElement, isForwarding } from "../http/forwarded.ts";
import type { Field } from "../http/fields.ts";
import { writeAddress } from "../http/ip.ts";
import type { MountState } from "../mount.ts";
import type { ClientInfo } from "./types.ts";
import type { ProxySettings } from "./proxy_options.ts";

/** Identifies the client of a request. */
export function identifyClient(
  request: Request,
  mount: MountState,
  args: readonly unknown[],
  { clientAddress, isTrusted }: ProxySettings,
): ClientInfo {
  const { headers } = request;
  const peer = writeAddress(clientAddress(mount.original, args) ?? "");
  const trusted = peer !== undefined && isTrusted(peer);
  const { origin } = mount.target;
  const end = origin.indexOf("://");
  const proto = origin.slice(0, end).toLowerCase();
  return {
    peer,
    trusted,
    address: trusted ? clientBehind(peer, headers.get("x-forwarded-for") ?? "", isTrusted) : peer,
    host: receivedHost(proto, origin.slice(end + 3), headers.get("host")),
    proto,
    prefix: mount.base,
  };
}

/**
 * RFC 9112 §3.2.2: a target in absolute form overrides `Host`; only its spelling may come from
 * there.
 */
function receivedHost(proto: string, authority: string, host: string | null): string {
  if (host === authority) return host;
  const defaultPort = proto === "https" ? /:(?:443)?$/ : /:(?:80)?$/;
  const name = (value: string): string => value.toLowerCase().replace(defaultPort, "");
  return host !== null && name(host) === name(authority) ? host : authority;
}

/** RFC 7239 §6.2: an address that is not known. */
const UNKNOWN = "unknown";
const NOTHING: ReadonlyMap<string, string> = new Map();

/**
 * Replaces the forwarding fields of a request: removes those of a peer that is not trusted, so that
 * a client cannot forge them, and adds the proxy's own.
 */
export function forwardingFields(
  fields: readonly Field[],
  client: ClientInfo,
  { xForwarded, forwarded }: ProxySettings,
): Field[] {
  const received = client.trusted ? receivedForwarding(fields) : NOTHING;
  const added = xForwarded === "off" ? [] : xForwardedFields(received, client, xForwarded);
  if (forwarded !== false) added.push(["forwarded", forwardedValue(received, client, forwarded)]);
  const result = fields.filter(([name]) => !isForwarding(name));
  for (const [name, value] of received) {
    if (added.every(([own]) => own !== name)) result.push([name, value]);
  }
  for (const field of added) if (field[1] !== "") result.push(field);
  return result;
}

/** The forwarding fields of a trusted peer, several lines of one name joined. */
function receivedForwarding(fields: readonly Field[]): ReadonlyMap<string, string> {
  const received = new Map<string, string>();
  for (const [name, value] of fields) {
    if (isForwarding(name)) received.set(name, join(received.get(name), value));
  }
  return received;
}

function xForwardedFields(
  received: ReadonlyMap<string, string>,
  client: ClientInfo,
  xForwarded: "append" | "set",
): Field[] {
  const before = (name: string): string | undefined =>
    xForwarded === "append" ? received.get(name) : undefined;
  const proto = before("x-forwarded-proto") ?? client.proto;
  const host = before("x-forwarded-host") ?? client.host;
  return [
    // Without the field, an upstream would take the request for one of the proxy itself.
    ["x-forwarded-for", join(before("x-forwarded-for"), client.peer ?? UNKNOWN)],
    ["x-forwarded-proto", proto],
    ["x-forwarded-host", host],
    ["x-forwarded-port", before("x-forwarded-port") ?? portOf(host, proto)],
    ["x-forwarded-prefix", (before("x-forwarded-prefix") ?? "") + client.prefix],
  ];
}

/** The port that the client connected to, as the first proxy saw it. */
function portOf(host: string, proto: string): string {
  const [first = ""] = host.split(",", 1);
  return /:([0-9]+)[ \t]*$/.exec(first)?.[1] ?? (/^(?:https|wss)\b/i.test(proto) ? "443" : "80");
}

function forwardedValue(
  received: ReadonlyMap<string, string>,
  { peer, host, proto }: ClientInfo,
  forwarded: string | true,
): string {
  const by = forwarded === true ? undefined : forwarded;
  return join(received.get("forwarded"), forwardedElement({ for: peer, by, host, proto }));
}

function join(before: string | undefined, value: string): string {
  return before && value ? `${before}, ${value}` : before || value;
}

/** The scheme and the host that the client asked for, as the first proxy saw them. */
export function frontOf(
  fields: readonly Field[],
  client: ClientInfo,
): { readonly proto: string; readonly host: string } {
  const first = (wanted: string): string | undefined =>
    fields.find(([name]) => name === wanted)?.[1].split(",", 1)[0]?.trim();
  return {
    proto: first("x-forwarded-proto") ?? client.proto,
    host: first("x-forwarded-host") ?? client.host,
  };
}
