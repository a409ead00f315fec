/**
 * What a message that `node:http` received asks for, checked before anybody acts on it.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { canonicalPath } from "../http/path.ts";
import { isAuthority, type RequestTarget } from "../http/request_target.ts";
import { requestBody } from "./request_body.ts";
import type { ContentLimit } from "./content_limit.ts";
import { rawHeader } from "./lazy_headers.ts";
import { NodeRequest } from "./node_request.ts";

/** Methods that no `Request` can have; a server need not know them (RFC 9110 §9.3.6, §9.3.8). */
const REFUSED = new Set(["CONNECT", "TRACE", "TRACK"]);
/** What can be sent on as it is, though the URL parser escapes some of it. */
const HARMLESS = /^[A-Za-z0-9\-._~!$&()*+,;=:@/?%'^`{|}[\]]*$/;
/** What the URL parser leaves as it is; other targets are read by the parser itself. */
const PLAIN = /^\/[A-Za-z0-9\-._~!$&()*+,;=:@/?%]*$/;

/** What a target can consist of (RFC 3986 §2), and more that the URL parser escapes. */
const ASCII = /^[\x21-\x7e]*$/;

/** The request, or the status to answer with when there can be none. */
export function parseRequest(
  message: IncomingMessage,
  sink: ServerResponse,
  limit: ContentLimit,
): NodeRequest | number {
  const { method = "GET", url = "" } = message;
  if (REFUSED.has(method)) return 501;
  // Node's parser takes HTTP/2.0 for a version of HTTP/1.
  if (message.httpVersionMajor > 1 && !("stream" in message)) return 400;
  let fields = message.httpVersionMajor === 2 ? withHost(message) : message.rawHeaders;
  const coding = rawHeader(fields, "transfer-encoding");
  if (coding !== undefined) {
    // RFC 9112 §6.1: HTTP/1.0 knows none, so that something before us has read it otherwise.
    if (message.httpVersion === "1.0") return 400;
    // Of the others, none is taken off, and it is no part of the content.
    if (coding.toLowerCase() !== "chunked") return 501;
  }
  const length = rawHeader(fields, "content-length");
  if (length !== undefined && Number(length) > limit.most) return 413;
  const scheme = isEncrypted(message) ? "https://" : "http://";
  let origin = originOf(fields, scheme);
  // It asks for the server itself (RFC 9110 §9.3.7).
  if (origin !== undefined && url === "*" && method === "OPTIONS") return 204;
  let path = url;
  if (!url.startsWith("/") && origin !== undefined && message.httpVersionMajor === 1) {
    const [at, authority, rest] = absoluteForm(url);
    // The target names the host, whatever Host says (RFC 9112 §3.2.2).
    fields = [...without(fields, "host"), "host", authority];
    origin = originOf(fields, scheme);
    // What is not encrypted must not pass for that.
    if (origin === undefined || new URL(at).origin !== origin) return 400;
    path = rest;
  }
  if (origin === undefined) return 400;
  const target = targetOf(path, origin);
  if (!target) return 400;
  const open = method !== "HEAD" && hasContent(message, fields)
    // Of content that says how long it is, the parsers see to it.
    ? () => requestBody(message, sink, length === undefined ? limit : undefined)
    : undefined;
  return new NodeRequest(method, target, fields, sink, open);
}

/** Bun's sockets all have the property. */
function isEncrypted({ socket }: IncomingMessage): boolean {
  return (socket as { encrypted?: boolean }).encrypted === true;
}

/** HTTP/2 has `:authority` for `Host` (RFC 9113 §8.3.1). */
function withHost({ rawHeaders, headers }: IncomingMessage): readonly string[] {
  const fields: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!name.startsWith(":")) fields.push(name, rawHeaders[i + 1] as string);
  }
  const authority = headers[":authority"];
  // One that differs from Host is up to no good; twice the same would be two.
  if (typeof authority === "string" && rawHeader(fields, "host") !== authority) {
    fields.push("host", authority);
  }
  return fields;
}

/** A target in absolute form: its scheme and authority, its authority, and the rest as a path. */
function absoluteForm(target: string): readonly [at: string, authority: string, rest: string] {
  const [at = "", authority = ""] = /^https?:\/\/([^/?#]*)/i.exec(target) ?? [];
  const rest = target.slice(at.length);
  return [at, authority, rest.startsWith("/") ? rest : `/${rest}`];
}

function without(fields: readonly string[], name: string): string[] {
  return fields.filter((_, at) => (fields[at - at % 2] as string).toLowerCase() !== name);
}

/** The last origin that was checked; clients of one server use few. */
let known = { given: "", origin: "" };

/** The origin, or `undefined` when the host is none, or there are two (RFC 9112 §3.2). */
function originOf(fields: readonly string[], scheme: string): string | undefined {
  // HTTP/1.0 knows no Host; that HTTP/1.1 has one, Node has checked.
  const host = rawHeader(fields, "host") ?? "localhost";
  const given = scheme + host;
  if (given === known.given) return known.origin;
  // Two Host fields come combined with a comma, which no host has.
  if (!isAuthority(host) || !URL.canParse(given)) return undefined;
  known = { given, origin: new URL(given).origin };
  return known.origin;
}

/** The target URI (RFC 9112 §3.3), checked before the URL parser can repair what is no path. */
function targetOf(target: string, origin: string): RequestTarget | undefined {
  if (!target.startsWith("/")) return undefined;
  const end = target.search(/[?#]/);
  const path = end < 0 ? target : target.slice(0, end);
  const canonical = canonicalPath(path);
  if (canonical === undefined) return undefined;
  if (PLAIN.test(target)) {
    return { origin, path, canonical, query: end < 0 ? "" : target.slice(end) };
  }
  // Node refuses such bytes on HTTP/1.1 alone; they would be encoded twice.
  if (!ASCII.test(target)) return undefined;
  if (target.includes("#")) return undefined; // a fragment is never sent (RFC 9112 §3.2)
  const { pathname, search } = new URL(origin + target);
  const sent = HARMLESS.test(target) ? target : undefined;
  return { origin, path: pathname, canonical, query: search, ...(sent && { sent }) };
}

/** RFC 9112 §6: content is announced by one of these; in HTTP/2 by a stream that goes on. */
function hasContent(message: IncomingMessage, fields: readonly string[]): boolean {
  const { stream } = message as { stream?: { readonly endAfterHeaders?: boolean } };
  if (stream) return stream.endAfterHeaders !== true;
  const length = rawHeader(fields, "content-length");
  return rawHeader(fields, "transfer-encoding") !== undefined ||
    (length !== undefined && Number(length) > 0);
}
