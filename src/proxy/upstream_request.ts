/**
 * The request to send for a received one.
 *
 * @module
 */
import { endToEnd, isHopByHop } from "../http/hop_by_hop.ts";
import { type Field, fieldNames, plainName } from "../http/fields.ts";
import { isForwarding } from "../http/forwarded.ts";
import { isNtlm } from "../http/ntlm.ts";
import { fieldLines } from "../host/host_request.ts";
import { takesTrailers } from "../http/trailer_fields.ts";
import { appendVia } from "../http/via.ts";
import { climbs, mapReferences, type Ways } from "./client_references.ts";
import { forwardingFields } from "./client_info.ts";
import type { ProxySettings } from "./proxy_options.ts";
import { basePath, keepSpelling, targetUrl } from "./target_url.ts";
import type { OutgoingRequest } from "../transport/transport.ts";
import type { ClientInfo, ClientRequest, SendingUpstream, Target } from "./types.ts";

/** Fields about content, wrong without it. */
const CONTENT_FRAMING = new Set(["content-length", "content-encoding"]);
/** What the host has dealt with, and what CGI takes for the environment (httpoxy). */
const NEVER = ["host", "expect", "proxy"];
/** What proves who a client is. */
const CREDENTIALS = ["authorization", "cookie"];

/**
 * The content of a request. That of GET has no meaning (RFC 9110 §9.3.1), but some upstreams take it
 * for a query; no native `Request` has any.
 */
export function uploadOf(
  { method, body }: Request,
  { getContent }: Target,
): ReadableStream<Uint8Array> | null {
  return method === "HEAD" || (method === "GET" && !getContent) ? null : body;
}

/**
 * The request to send, or `undefined` when its path would leave the target.
 *
 * @param body The content to send.
 */
export function outgoingRequest(
  { request, mount, seen, target, signal }: ClientRequest,
  body: ReadableStream<Uint8Array> | null,
  upstream: SendingUpstream,
  settings: ProxySettings,
): OutgoingRequest | undefined {
  const base = upstream.local ? new URL(mount.target.origin) : upstream.url;
  const url = targetUrl(base, mount.path, mount.target.query);
  if (!url || climbs(mount.canonical)) return undefined;
  if (mount.target.sent !== undefined) keepSpelling(url, base, mount.path, mount.target.sent);
  const { method } = request;
  const { onInformational } = settings;
  const host = hostOf(target, upstream, seen);
  const built = outgoingFields(fieldLines(request), method, body !== null, seen, target, settings);
  const fields = target.rewriteLocation
    ? mapReferences(built, method, () => ({
      front: frontOf(built, seen),
      prefix: mount.base,
      scope: target.scope,
      origin: `${url.protocol}//${host}`,
      base: basePath(upstream.url),
      rewriteOrigin: target.rewriteOrigin,
    }))
    : built;
  if (!fields) return undefined;
  return {
    url,
    method,
    host,
    fields,
    body,
    signal,
    connection: target.connection,
    ...(target.connection?.http2 && takesTrailers(request.headers.get("te"))
      ? { takesTrailers: true }
      : {}),
    onInformational: onInformational &&
      ((status, fields) => onInformational(status, endToEnd(fields), request)),
  };
}

/** What the client asked for, as the first of the proxies in front was told. */
export function frontOf(fields: readonly Field[], seen: ClientInfo): Ways["front"] {
  const told = (wanted: string): string | undefined =>
    fields.find(([name]) => name === wanted)?.[1].split(",", 1)[0]?.trim();
  return {
    proto: told("x-forwarded-proto") ?? seen.proto,
    host: told("x-forwarded-host") ?? seen.host,
  };
}

function hostOf({ host }: Target, { local, url }: SendingUpstream, seen: ClientInfo): string {
  if (host !== "<auto>") return host ?? seen.host;
  return local ? seen.host : url.host;
}

function outgoingFields(
  received: Iterable<Field>,
  method: string,
  content: boolean,
  seen: ClientInfo,
  { headers, dropped, removed }: Target,
  settings: ProxySettings,
): readonly Field[] {
  // What the client names in Connection is taken off before ours is put on, so that it cannot name
  // ours.
  const kept = endToEnd(received).filter(([name, value]) =>
    !dropped(name) && (content || !CONTENT_FRAMING.has(name)) && !isDisguised(name, dropped) &&
    !(name === "authorization" && isNtlm(value))
  );
  const fields = signed(forwardingFields(kept, seen, settings), settings.pseudonym());
  // What the target's options set, not even ours can stand beside.
  const all = removed ? [...fields.filter(([name]) => !removed(name)), ...headers] : fields;
  return method === "OPTIONS" ? all.map(oneHopFewer) : all;
}

/** Tells which fields a target never gets from a client: those with the names, and more. */
export function droppedFields(
  names: readonly string[],
  credentials: boolean,
): (name: string) => boolean {
  // A field that the options name `x_user` is not to come as `X-User` beside it.
  const plain = names.map((name) =>
    name.endsWith("*") ? `${plainName(name.slice(0, -1))}*` : plainName(name)
  );
  return fieldNames([...NEVER, ...names, ...plain, ...(credentials ? [] : CREDENTIALS)]);
}

function isDisguised(name: string, dropped: Target["dropped"]): boolean {
  const plain = plainName(name);
  if (plain === name) return false;
  return dropped(plain) || CONTENT_FRAMING.has(plain) || isHopByHop(plain) || isForwarding(plain);
}

function signed(fields: readonly Field[], pseudonym: string | undefined): readonly Field[] {
  if (pseudonym === undefined) return fields;
  const before = fields.filter(([name]) => name === "via").map(([, value]) => value);
  const others = before.length === 0 ? fields : fields.filter(([name]) => name !== "via");
  return [...others, ["via", appendVia(before.join(", "), pseudonym)]];
}

/** RFC 9110 §7.6.2 */
function oneHopFewer([name, value]: Field): Field {
  const counts = name === "max-forwards" && /^[0-9]{1,9}$/.test(value);
  return [name, counts ? String(Math.max(Number(value) - 1, 0)) : value];
}
