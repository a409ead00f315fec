/**
 * Builds the response to the client from that of the upstream.
 *
 * @module
 */
import { isDisconnected, nativeRequest } from "../host/host_request.ts";
import { makeResponse, withTrailers } from "../host/make_response.ts";
import type { Field, RawHeaders } from "../http/fields.ts";
import type { ResponseBody, ResponseHead } from "../host/types.ts";
import { makePushResponse } from "../host/push_body.ts";
import { takesTrailers } from "../http/trailer_fields.ts";
import { discard } from "../host/watch_body.ts";
import { endToEnd } from "../http/hop_by_hop.ts";
import { withoutNtlm } from "../http/ntlm.ts";
import { appendVia } from "../http/via.ts";
import type { IncomingResponse, PushedResponse } from "../transport/transport.ts";
import { frontOf } from "./client_info.ts";
import { HookError, ProxyError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { isAgreement, upgradeResponse } from "./proxy_upgrade.ts";
import { rewriteResponse, withoutSecure } from "./rewrite.ts";
import type { Attempt, Delivery } from "./types.ts";

/** Statuses whose responses have no content; `Response` refuses it (Fetch §2.2.3). */
const NULL_BODY = new Set([204, 205, 304]);
/** A field name (RFC 9110 §5.1). */
const NAME = /^[\w!#$%&'*+\-.^`|~]+$/;
/** A field value (RFC 9110 §5.5), or a reason phrase (RFC 9112 §4). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** RFC 9110 §5.5: to be replaced before a value is passed on; hosts would fail with them. */
const CONTROLS = /[^\P{Cc}\0\t\r\n\x80-\x9f]/gu;
/** Fields that set cookies of the site, or delete them. */
const COOKIES = new Set(["set-cookie", "clear-site-data"]);
/** Fields that are wrong about decoded content (RFC 9110 §8.4, RFC 9530). */
const CODED = new Set([
  "content-encoding",
  "content-length",
  "content-md5",
  "content-digest",
  "repr-digest",
  "digest",
  "accept-ranges",
]);

/**
 * Builds the response to the client.
 *
 * @throws {ProxyError} When the response of the upstream is not valid.
 */
export function buildResponse(
  delivery: Delivery,
  attempt: Attempt,
  exchange: Exchange,
): Response | Promise<Response> {
  const { request, pseudonym, upgrade, settings } = delivery;
  const { incoming } = attempt;
  const fields = responseFields(delivery, attempt);
  if (upgrade && isAgreement(incoming)) {
    exchange.end();
    const idle = settings.timeout.tunnel;
    return upgradeResponse(request, incoming, fields, upgrade, pseudonym, idle);
  }
  const response = withBody(delivery, attempt, headOf(incoming, fields), exchange);
  const { onResponse } = settings;
  if (!onResponse) return response;
  return HookError.of(() => onResponse(response, nativeRequest(request)))
    .then((other) => other ?? response);
}

/** The fields of the response: sanitized, rewritten, and with the cookie of the balancer. */
function responseFields(
  delivery: Delivery,
  { upstream, outgoing, incoming }: Attempt,
): readonly Field[] {
  const { request, pseudonym, client, mount, target } = delivery;
  let fields: readonly Field[] = sanitize(incoming, target.credentials, pseudonym);
  if (target.rewriteLocation) fields = rewriteResponse(fields, delivery, upstream, outgoing);
  if (target.secureCookies && !target.cookie) return fields;
  const secure = frontOf(outgoing.fields, client).proto === "https";
  if (!target.secureCookies && !secure) fields = withoutSecure(fields);
  const path = mount.base + target.scope;
  const cookie = target.cookie?.(upstream, request.headers, { path, secure });
  return cookie === undefined ? fields : [...fields, ["set-cookie", cookie]];
}

/**
 * The fields of an upstream's response that are passed on, corrected.
 *
 * @throws {ProxyError} When the framing of the content is not valid.
 */
function sanitize(
  { status, fields, decoded = false }: IncomingResponse,
  credentials: boolean,
  pseudonym: string | undefined,
): Field[] {
  const lines = Array.isArray(fields) ? fields as readonly Field[] : [...fields];
  const valuesOf = (wanted: string): string[] =>
    lines.flatMap(([name, value]) =>
      name.length === wanted.length && name.toLowerCase() === wanted ? value : []
    );
  const coded = decoded && valuesOf("content-encoding").length > 0;
  // RFC 9112 §6.3: Transfer-Encoding overrides Content-Length, which must not be passed on with it.
  const codings = valuesOf("transfer-encoding");
  const chunked = codings.length > 0;
  // RFC 9112 §7: the proxy asks for no other coding, and transports remove no other.
  if (chunked && !/^chunked$/i.test(codings.join())) {
    throw new ProxyError("http_response_transfer_coding", `the upstream sent ${codings.join()}`);
  }
  const answer: Field[] = [];
  let [via, length]: (string | undefined)[] = [];
  for (const [name, value] of endToEnd(lines)) {
    if (coded && CODED.has(name)) continue;
    if (!credentials && COOKIES.has(name)) continue;
    if (name === "content-length") {
      // RFC 9110 §8.6: never with 204; 205 has no content either.
      const without = chunked || status === 204 || status === 205;
      if (!without) length = oneLength(length === undefined ? value : `${length}, ${value}`);
    } else if (name === "www-authenticate") {
      const others = withoutNtlm(value);
      if (others !== "") answer.push([name, others]);
    } else if (name === "etag" && coded) {
      // Decoded content is not byte for byte what the upstream tagged (RFC 9110 §8.8.1).
      answer.push([name, value.startsWith("W/") ? value : `W/${value}`]);
    } else if (name === "via" && pseudonym !== undefined) via = via ? `${via}, ${value}` : value;
    else answer.push([name, value]);
  }
  if (length !== undefined) answer.push(["content-length", length]);
  if (pseudonym !== undefined) answer.push(["via", appendVia(via, pseudonym)]);
  return answer;
}

/**
 * RFC 9110 §8.6: a repeated length is valid if all are the same.
 *
 * @throws {ProxyError} When the length is not valid.
 */
function oneLength(value: string): string {
  if (/^[0-9]{1,15}$/.test(value)) return value;
  const [first = "", ...others] = value.split(",").map((member) => member.trim());
  if (
    /^[0-9]+$/.test(first) && Number.isSafeInteger(Number(first)) &&
    others.every((other) => other === first)
  ) return first;
  throw new ProxyError("http_protocol_error", "the upstream's Content-Length is not valid");
}

/**
 * The head of the response, valid for every host.
 *
 * @throws {ProxyError} When a name or a value is not valid.
 */
function headOf({ status, reason }: IncomingResponse, fields: readonly Field[]): ResponseHead {
  const list: string[] = [];
  let length: number | undefined;
  for (const [name, given] of fields) {
    const value = VALUE.test(given) ? given : given.replace(CONTROLS, " ").trim();
    if (!NAME.test(name) || !VALUE.test(value)) {
      const why = `the upstream's field ${JSON.stringify(name)} is not valid`;
      throw new ProxyError("http_protocol_error", why);
    }
    if (name === "content-length") length = Number(value);
    else list.push(name, value);
  }
  return { status, statusText: VALUE.test(reason) ? reason : "", fields: list, length };
}

/** The response with its body, which is watched as far as the time limits need it. */
function withBody(
  { request, settings }: Delivery,
  { upstream, incoming }: Attempt,
  head: ResponseHead,
  exchange: Exchange,
): Response {
  const { timeout: { idle, total }, onError, onResponse } = settings;
  // A hook needs a response of the runtime.
  const host = onResponse ? {} : request;
  if (request.method === "HEAD" || NULL_BODY.has(head.status)) {
    exchange.end();
    // Other bodies end by themselves; cancelling would cost the connection.
    if (head.status === 205) discard(incoming.body);
    return makeResponse(host, null, head);
  }
  const pause = isEventStream(head.fields) ? 0 : idle;
  const isLimited = pause > 0 || total > 0;
  const onCut = (error: unknown): void => {
    // The handler rejects with the errors of hooks.
    if (!isDisconnected(request) && !(error instanceof HookError)) {
      onError(error, request, upstream);
    }
  };
  const { flow } = incoming as Partial<PushedResponse>;
  if (flow && !isLimited) {
    // From here on, the host cancels the content when the client disconnects.
    exchange.end();
    // Content of a known length has no trailers.
    const whole = head.length === undefined ? undefined : flow.whole?.();
    if (whole) return makeResponse(host, whole, head);
    flow.onCut = onCut;
    return trailing(makePushResponse(host, flow, head), request, incoming);
  }
  let { body } = incoming;
  // The length of text and bytes from a handler is known to the host alone, in their own stream.
  const isNative = upstream.local && head.length === undefined && !isLimited;
  if (body && !isNative) body = exchange.watch(body, head.length, pause, onCut);
  else exchange.end();
  return trailing(makeResponse(host, body as ResponseBody, head), request, incoming);
}

/** Lets the host send trailer fields to clients that accept them (RFC 9110 §6.5.1). */
function trailing(response: Response, { headers }: Request, incoming: IncomingResponse): Response {
  // Digests in trailer fields are of the content before it was decoded.
  if (incoming.decoded || !takesTrailers(headers.get("te"))) return response;
  return withTrailers(response, incoming);
}

/** Events may be as far apart as they like. */
function isEventStream(fields: RawHeaders): boolean {
  const type = fields.indexOf("content-type");
  return type >= 0 && /^text\/event-stream\b/i.test(fields[type + 1] ?? "");
}
