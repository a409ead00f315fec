/**
 * What an upstream is told of the client, and what of it the client cannot say itself.
 *
 * @module
 */
import { writeAddress } from "../http/ip.ts";
import type { Field } from "../http/fields.ts";
import { clientBehind, forwardedElement, isForwarding } from "../http/forwarded.ts";
import type { MountState } from "../mount.ts";
import type { ProxySettings } from "./proxy_options.ts";
import type { ClientInfo } from "./types.ts";

/** Looks at a request. */
export function identifyClient(
  request: Request,
  mount: MountState,
  args: readonly unknown[],
  { clientAddress, isTrusted }: ProxySettings,
): ClientInfo {
  const { headers } = request;
  const peer = writeAddress(clientAddress(mount.original, ...args) ?? "");
  const trusted = peer !== undefined && isTrusted(peer);
  const { origin } = mount.target;
  const end = origin.indexOf("://");
  const proto = origin.slice(0, end).toLowerCase();
  return {
    peer,
    trusted,
    client: trusted ? clientBehind(peer, headers.get("x-forwarded-for") ?? "", isTrusted) : peer,
    host: receivedHost(proto, origin.slice(end + 3), headers.get("host")),
    proto,
    prefix: mount.base,
  };
}

/** RFC 9112 §3.2.2: a target in absolute form overrides `Host`, which may only spell it out. */
function receivedHost(proto: string, authority: string, host: string | null): string {
  if (host === authority) return host;
  const usual = proto === "https" ? /:(?:443)?$/ : /:(?:80)?$/;
  const name = (value: string): string => value.toLowerCase().replace(usual, "");
  return host !== null && name(host) === name(authority) ? host : authority;
}

/**
 * The fields with those about the client put right: what an untrusted peer says is dropped, what
 * the proxy knows is added.
 */
export function forwardingFields(
  fields: readonly Field[],
  seen: ClientInfo,
  settings: ProxySettings,
): Field[] {
  const result = fields.filter(([name]) => !isForwarding(name));
  const told = seen.trusted ? toldBefore(fields) : NOTHING;
  const ours = ownFields(told, seen, settings);
  for (const [name, value] of told) {
    if (ours.every(([own]) => own !== name)) result.push([name, value]);
  }
  for (const field of ours) if (field[1] !== "") result.push(field);
  return result;
}

/** RFC 7239 §6.2: an address that is not known. */
const UNKNOWN = "unknown";

const NOTHING: ReadonlyMap<string, string> = new Map();

/** What a trusted peer says. */
function toldBefore(fields: readonly Field[]): ReadonlyMap<string, string> {
  const told = new Map<string, string>();
  for (const [name, value] of fields) {
    if (!isForwarding(name)) continue;
    const before = told.get(name);
    told.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return told;
}

/** What we say; `""` for what we say nothing of. */
function ownFields(
  told: ReadonlyMap<string, string>,
  seen: ClientInfo,
  { xForwarded, forwarded }: ProxySettings,
): readonly Field[] {
  const ours = xForwarded === "off" ? [] : xForwardedFields(told, seen, xForwarded);
  if (forwarded !== false) ours.push(["forwarded", forwardedValue(told, seen, forwarded)]);
  return ours;
}

function xForwardedFields(
  told: ReadonlyMap<string, string>,
  { peer, host, proto, prefix }: ClientInfo,
  xForwarded: "append" | "set",
): Field[] {
  const before = (name: string): string | undefined =>
    xForwarded === "append" ? told.get(name) : undefined;
  const known = {
    proto: before("x-forwarded-proto") ?? proto,
    host: before("x-forwarded-host") ?? host,
  };
  return [
    // Without the field, an upstream would take the request for one of the proxy's own.
    ["x-forwarded-for", join(before("x-forwarded-for"), peer ?? UNKNOWN)],
    ["x-forwarded-proto", known.proto],
    ["x-forwarded-host", known.host],
    ["x-forwarded-port", before("x-forwarded-port") ?? portOf(known.host, known.proto)],
    ["x-forwarded-prefix", (before("x-forwarded-prefix") ?? "") + prefix],
  ];
}

/** The port that the client connected to, as far as the first of the proxies was told. */
function portOf(host: string, proto: string): string {
  const [first = ""] = host.split(",", 1);
  return /:([0-9]+)[ \t]*$/.exec(first)?.[1] ?? (/^(?:https|wss)\b/i.test(proto) ? "443" : "80");
}

function forwardedValue(
  told: ReadonlyMap<string, string>,
  { peer, host, proto }: ClientInfo,
  forwarded: string | true,
): string {
  const by = forwarded === true ? undefined : forwarded;
  const element = forwardedElement({ for: peer, by, host, proto });
  return join(told.get("forwarded"), element);
}

function join(before: string | undefined, value: string | undefined): string {
  return before && value ? `${before}, ${value}` : before || value || "";
}
