/**
 * Builds the request to an upstream: the fields once for every upstream of the target, the URL and
 * `Host` for the one that was chosen.
 *
 * @module
 */
import { takesTrailers } from "../http/trailer_fields.ts";
import { fieldLines } from "../host/host_request.ts";
import { type Field, fieldNames, plainName } from "../http/fields.ts";
import { isForwarding } from "../http/forwarded.ts";
import { endToEnd, isHopByHop } from "../http/hop_by_hop.ts";
import { isNtlm } from "../http/ntlm.ts";
import { appendVia } from "../http/via.ts";
import { type OutgoingRequest, spell } from "../transport/transport.ts";
import { forwardingFields } from "./client_info.ts";
import { ProxyError } from "./errors.ts";
import { upgradeFields } from "./proxy_upgrade.ts";
import { basePath, CLIMBS, rewriteRequest } from "./rewrite.ts";
import type { ClientRequest, Delivery, SendingUpstream, Target } from "./types.ts";
import type { Upload } from "./upload.ts";

/** Fields about content, wrong without it. */
const CONTENT_FRAMING = new Set(["content-length", "content-encoding"]);
/** Fields that the host has processed, and one that CGI takes for a variable (httpoxy). */
const NEVER = ["host", "expect", "proxy"];
/** Fields that prove who a client is. */
const CREDENTIALS = ["authorization", "cookie"];

/**
 * The content to forward. Content of GET has no meaning (RFC 9110 §9.3.1), but some upstreams read
 * it as a query. No native `Request` has any.
 */
export function contentOf(
  { method, body }: Request,
  { getContent }: Target,
): ReadableStream<Uint8Array> | null {
  return method === "HEAD" || (method === "GET" && !getContent) ? null : body;
}

/**
 * Builds the part of the request that is the same for every upstream: the fields.
 *
 * @throws {ProxyError} When the path would leave the target.
 */
export function buildUpstreamRequest(
  received: ClientRequest,
  upload: Upload | undefined,
): Delivery {
  const { request, pseudonym, mount, client, settings, upgrade, target } = received;
  const { dropped, removed, headers } = target;
  if (CLIMBS.test(mount.canonical)) throw leavesTarget();
  // Fields that the client names in Connection are removed before the proxy adds its own, so that
  // the client cannot remove those.
  const kept = endToEnd(fieldLines(request)).filter(([name, value]) =>
    !dropped(name) && (upload || !CONTENT_FRAMING.has(name)) && !isDisguised(name, dropped) &&
    !(name === "authorization" && isNtlm(value))
  );
  let fields = withVia(forwardingFields(kept, client, settings), pseudonym);
  // Fields that the options of the target set replace even those of the proxy.
  if (removed) fields = [...fields.filter(([name]) => !removed(name)), ...headers];
  if (request.method === "OPTIONS") fields = fields.map(oneHopFewer);
  if (upgrade) fields = upgradeFields(fields, upgrade);
  return { ...received, fields, upload, tried: undefined };
}

/**
 * The request to one upstream.
 *
 * @param body The content of this attempt.
 * @throws {ProxyError} When the path, or a reference in a field, would leave the target.
 */
export function requestTo(
  upstream: SendingUpstream,
  delivery: Delivery,
  body: ReadableStream<Uint8Array> | null,
): OutgoingRequest {
  const { request, mount, client, settings, upgrade, target, signal } = delivery;
  const base = upstream.local ? new URL(mount.target.origin) : upstream.url;
  const { query, sent } = mount.target;
  const url = targetUrl(base, mount.path, query);
  if (!url) throw leavesTarget();
  if (sent !== undefined) keepSpelling(url, base, mount.path, sent);
  const auto = upstream.local ? client.host : url.host;
  const host = target.host === "<auto>" ? auto : target.host ?? client.host;
  const fields = target.rewriteLocation
    ? rewriteRequest(delivery.fields, delivery, upstream, `${url.protocol}//${host}`)
    : delivery.fields;
  if (!fields) throw leavesTarget();
  const { onInformational } = settings;
  const { connection } = target;
  const trailers = connection?.http2 && takesTrailers(request.headers.get("te"));
  return {
    url,
    method: request.method,
    host,
    fields,
    body,
    signal,
    connection,
    ...(trailers ? { takesTrailers: true } : {}),
    ...(upgrade ? { upgrade: upgrade.protocol } : {}),
    onInformational: onInformational &&
      ((status, fields) => onInformational(status, endToEnd(fields), request)),
  };
}

function leavesTarget(): ProxyError {
  return new ProxyError("http_request_error", "the path would leave the target");
}

/** Compiles the names of fields that a target never gets from a client. */
export function droppedFields(
  names: readonly string[],
  credentials: boolean,
): (name: string) => boolean {
  // A client must not send as `X-User` what the options call `x_user`.
  const plain = names.map((name) =>
    name.endsWith("*") ? `${plainName(name.slice(0, -1))}*` : plainName(name)
  );
  return fieldNames([...NEVER, ...names, ...plain, ...(credentials ? [] : CREDENTIALS)]);
}

/** Whether an application could read the name as that of a field which the proxy removes. */
function isDisguised(name: string, dropped: Target["dropped"]): boolean {
  const plain = plainName(name);
  if (plain === name) return false;
  return dropped(plain) || CONTENT_FRAMING.has(plain) || isHopByHop(plain) || isForwarding(plain);
}

function withVia(fields: readonly Field[], pseudonym: string | undefined): readonly Field[] {
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

/**
 * The URL of a request, or `undefined` if its path would leave the target. The client's part stands
 * behind the origin of the target and begins with a slash, so that `//evil.com` and `/@evil.com`
 * are paths. The origin is checked nevertheless.
 *
 * @param path The path to append to the target's: `""`, or with its leading slash.
 * @param query The query with its question mark, or `""`.
 */
function targetUrl(target: URL, path: string, query: string): URL | undefined {
  const { origin } = target;
  if (path === "") return URL.parse(origin + target.pathname + query) ?? undefined;
  if (!path.startsWith("/") || /[?#]/.test(path)) return undefined;
  const base = basePath(target);
  const url = URL.parse(origin + base + path + query);
  if (url?.origin !== origin) return undefined;
  const { pathname } = url;
  return pathname === base || pathname.startsWith(`${base}/`) ? url : undefined;
}

/**
 * Makes the transport send the path and the query as the client has spelled them (RFC 9110 §7.7),
 * and not as the URL parser does.
 *
 * @param path The client's path that `url` ends with.
 * @param sent The path and the query as the client has sent them.
 */
function keepSpelling(url: URL, target: URL, path: string, sent: string): void {
  let at = sent.search(/\?|$/);
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    at = sent.lastIndexOf("/", at - 1);
  }
  const spelled = (path === "" ? target.pathname : basePath(target)) + sent.slice(at);
  // Another spelling of the same URL, or nothing.
  if (at >= 0 && URL.parse(target.origin + spelled)?.href === url.href) spell(url, spelled);
}
