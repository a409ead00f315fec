/**
 * The response to pass back for the one that an upstream gave.
 *
 * @module
 */
import { endToEnd } from "../http/hop_by_hop.ts";
import type { Field, RawHeaders } from "../http/fields.ts";
import { makePushResponse } from "../host/push_body.ts";
import { isDisconnected } from "../host/host_request.ts";
import { withoutNtlm } from "../http/ntlm.ts";
import { makeResponse } from "../host/make_response.ts";
import type { ResponseBody, ResponseHead } from "../host/types.ts";
import { withTrailers } from "../host/trailers.ts";
import { takesTrailers } from "../http/trailer_fields.ts";
import { appendVia } from "../http/via.ts";
import { type Exchange } from "./exchange.ts";
import { HookError, ProxyError } from "./errors.ts";
import { watched } from "./watched_body.ts";
import type { ProxySettings } from "./proxy_options.ts";
import type { IncomingResponse, PushedResponse } from "../transport/transport.ts";
import { discard } from "../host/watch_body.ts";
import type { SendingUpstream } from "./types.ts";

/** Statuses whose responses have no content; `Response` refuses it (Fetch §2.2.3). */
const NULL_BODY = new Set([204, 205, 304]);
/** What a name is (RFC 9110 §5.1). */
const NAME = /^[\w!#$%&'*+\-.^`|~]+$/;
/** What a value may hold (RFC 9110 §5.5), and a reason phrase (RFC 9112 §4). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** RFC 9110 §5.5: to be replaced before a value goes on; hosts would choke on them. */
const CONTROLS = /[^\P{Cc}\0\t\r\n\x80-\x9f]/gu;
/** What sets cookies of the site, and what takes them away. */
const COOKIES = new Set(["set-cookie", "clear-site-data"]);
/** Fields that are wrong about content that was decoded (RFC 9110 §8.4, RFC 9530). */
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
 * Checks the status of a response.
 *
 * @throws {ProxyError} When it is none that can be passed on.
 */
export function checkStatus(incoming: IncomingResponse): void {
  const { status } = incoming;
  if (status >= 200 && status <= 599 && status !== 407) return;
  discard(incoming.body);
  // An unasked-for 101 would be a tunnel; what is not in 200–599 is no final status. A 407 asks us,
  // not the client, who has nothing to do with that proxy (RFC 9110 §11.7.1).
  const received = Number.isInteger(status) ? status : undefined;
  throw new ProxyError("http_protocol_error", `the upstream answered ${status}`, received);
}

/**
 * The fields of a response that go on, put right.
 *
 * @throws {ProxyError} When the content is framed in a way that nobody can read.
 */
export function answerFields(
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
  // RFC 9112 §6.3: Transfer-Encoding overrides Content-Length, which must not go on with it.
  const codings = valuesOf("transfer-encoding");
  const chunked = codings.length > 0;
  // RFC 9112 §7: of the others, none was asked for, and none is taken off by transports.
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
      // Not byte for byte what the upstream calls by this name (RFC 9110 §8.8.1).
      answer.push([name, value.startsWith("W/") ? value : `W/${value}`]);
    } else if (name === "via" && pseudonym !== undefined) via = via ? `${via}, ${value}` : value;
    else answer.push([name, value]);
  }
  if (length !== undefined) answer.push(["content-length", length]);
  if (pseudonym !== undefined) answer.push(["via", appendVia(via, pseudonym)]);
  return answer;
}

/**
 * RFC 9110 §8.6: the same length said twice is that length.
 *
 * @throws {ProxyError} When there are two, or none that is a number.
 */
function oneLength(value: string): string {
  if (/^[0-9]{1,15}$/.test(value)) return value;
  const [first = "", ...others] = value.split(",").map((member) => member.trim());
  if (
    /^[0-9]+$/.test(first) && Number.isSafeInteger(Number(first)) &&
    others.every((other) => other === first)
  ) return first;
  throw new ProxyError("http_protocol_error", "the upstream's Content-Length is none");
}

/**
 * The head of a response: what hosts can write as it is.
 *
 * @throws {ProxyError} When a name or a value can stand in no field.
 */
function headOf({ status, reason }: IncomingResponse, fields: readonly Field[]): ResponseHead {
  const list: string[] = [];
  let length: number | undefined;
  for (const [name, given] of fields) {
    const value = VALUE.test(given) ? given : given.replace(CONTROLS, " ").trim();
    if (!NAME.test(name) || !VALUE.test(value)) {
      throw new ProxyError(
        "http_protocol_error",
        `the upstream's field ${JSON.stringify(name)} is none`,
      );
    }
    if (name === "content-length") length = Number(value);
    else list.push(name, value);
  }
  return { status, statusText: VALUE.test(reason) ? reason : "", fields: list, length };
}

/** What a response is the end of. */
export interface ResponseContext {
  readonly request: Request;
  readonly exchange: Exchange;
  readonly settings: ProxySettings;
  readonly upstream: SendingUpstream;
}

/** The response itself, of fields that are right. */
export function responseOf(
  incoming: IncomingResponse,
  fields: readonly Field[],
  { request, exchange, settings, upstream }: ResponseContext,
): Response {
  const { status } = incoming;
  const head = headOf(incoming, fields);
  const { timeouts: { idle, total }, onError, onResponse } = settings;
  // Whoever looks at it is given what the runtime has.
  const host = onResponse ? {} : request;
  if (request.method === "HEAD" || NULL_BODY.has(status)) {
    exchange.end();
    // The others end by themselves; cancelling would cost the connection.
    if (status === 205) discard(incoming.body);
    return makeResponse(host, null, head);
  }
  const pause = isEvents(head.fields) ? 0 : idle;
  const cut = (error: unknown): void => {
    // With what a hook throws, the handler rejects.
    if (!isDisconnected(request) && !(error instanceof HookError)) {
      onError(error, request, upstream);
    }
  };
  const flow = isPushed(incoming) ? incoming.flow : undefined;
  if (flow && pause === 0 && total === 0) {
    // From here on, a client that leaves cancels the content.
    exchange.end();
    // Content of a known length has no trailers.
    const whole = head.length === undefined ? undefined : flow.whole?.();
    if (whole) return makeResponse(host, whole, head);
    flow.onCut = cut;
    return trailing(makePushResponse(host, flow, head), request, incoming);
  }
  // Text and bytes have a length that only the host can see, and only in their own stream.
  const sized = upstream.local && head.length === undefined && pause === 0 && total === 0;
  if (incoming.body === null || sized) {
    exchange.end();
    return trailing(makeResponse(host, incoming.body as ResponseBody, head), request, incoming);
  }
  const watch = { length: head.length, idle: pause, exchange, cut };
  const body = watched(incoming.body, watch) as ResponseBody;
  return trailing(makeResponse(host, body, head), request, incoming);
}

/** RFC 9110 §6.5.1: trailer fields may be lost on those who do not say that they take them. */
function trailing(response: Response, { headers }: Request, incoming: IncomingResponse): Response {
  // Digests are of the content as it was before it was decoded.
  if (incoming.decoded || !takesTrailers(headers.get("te"))) return response;
  return withTrailers(response, incoming);
}

/** Events may be as far apart as they like. */
function isEvents(fields: RawHeaders): boolean {
  const type = fields.indexOf("content-type");
  return type >= 0 && /^text\/event-stream\b/i.test(fields[type + 1] ?? "");
}

function isPushed(incoming: IncomingResponse): incoming is PushedResponse {
  return "flow" in incoming;
}
