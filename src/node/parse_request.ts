/**
 * Parses and checks the head of a message before any handler sees it.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RawHeaders } from "../http/fields.ts";
import { canonicalPath } from "../http/path.ts";
import { isAuthority, type RequestTarget } from "../http/request_target.ts";
import { http2Stream } from "./connection.ts";
import { rawHeader, withoutHeaders } from "./lazy_headers.ts";
import { NodeRequest } from "./node_request.ts";
import type { UpgradeRequest } from "./upgrade_listener.ts";

/** Methods that `Request` refuses; servers may, too (RFC 9110 §9.3.6, §9.3.8). */
const REFUSED = new Set(["CONNECT", "TRACE", "TRACK"]);
const HOST = new Set(["host"]);
/** Characters that a target may keep on the way to an upstream, though the URL parser escapes some. */
const HARMLESS = /^[A-Za-z0-9\-._~!$&()*+,;=:@/?%'^`{|}[\]]*$/;
/** Characters that the URL parser does not change. */
const PLAIN = /^\/[A-Za-z0-9\-._~!$&()*+,;=:@/?%]*$/;
/** All characters of a target (RFC 3986 §2), and others that the URL parser escapes. */
const ASCII = /^[\x21-\x7e]*$/;

/**
 * Parses a message.
 *
 * @param maxBodySize The largest body, in bytes.
 * @returns The request, or the status to reject the message with.
 */
export function parseRequest(
  message: IncomingMessage,
  sink: ServerResponse,
  maxBodySize: number,
  upgrade: UpgradeRequest | undefined,
): NodeRequest | number {
  const { method = "GET", url = "", httpVersionMajor } = message;
  const stream = http2Stream(message);
  if (REFUSED.has(method)) return 501;
  // Node's HTTP/1 parser accepts the version HTTP/2.0.
  if (httpVersionMajor > 1 && !stream) return 400;
  let fields = stream ? withHost(message) : message.rawHeaders;
  const coding = rawHeader(fields, "transfer-encoding");
  if (coding !== undefined) {
    // HTTP/1.0 has no transfer codings: a proxy may have read the message another way (RFC 9112 §6.1).
    if (message.httpVersion === "1.0") return 400;
    // Node decodes no other coding.
    if (coding.toLowerCase() !== "chunked") return 501;
  }
  const length = rawHeader(fields, "content-length");
  if (length !== undefined && Number(length) > maxBodySize) return 413;
  const scheme = isEncrypted(message) ? "https://" : "http://";
  let origin = originOf(fields, scheme);
  // The server itself is the target (RFC 9110 §9.3.7).
  if (origin !== undefined && url === "*" && method === "OPTIONS") return 204;
  let path = url;
  if (!url.startsWith("/") && origin !== undefined && !stream) {
    const [at, authority, rest] = absoluteForm(url);
    // The host of the target replaces `Host` (RFC 9112 §3.2.2).
    fields = [...withoutHeaders(HOST, fields), "host", authority];
    origin = originOf(fields, scheme);
    // A plain connection must not serve an `https:` target.
    if (origin === undefined || new URL(at).origin !== origin) return 400;
    path = rest;
  }
  if (origin === undefined) return 400;
  const target = targetOf(path, origin);
  if (!target) return 400;
  // RFC 9112 §6. A body without a stated length is limited as it comes.
  const hasBody = method !== "HEAD" &&
    (stream
      ? !(stream as { readonly endAfterHeaders?: boolean }).endAfterHeaders
      : coding !== undefined || Number(length ?? 0) > 0);
  const limit = length === undefined ? maxBodySize : Infinity;
  return new NodeRequest(sink, method, target, fields, hasBody ? limit : undefined, upgrade);
}

/** All sockets of Bun have the property, so its value counts. */
function isEncrypted({ socket }: IncomingMessage): boolean {
  return (socket as { encrypted?: boolean }).encrypted === true;
}

/** The header lines of HTTP/2, with `Host` for `:authority` (RFC 9113 §8.3.1). */
function withHost({ rawHeaders, headers }: IncomingMessage): RawHeaders {
  const fields: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!name.startsWith(":")) fields.push(name, rawHeaders[i + 1] as string);
  }
  const authority = headers[":authority"];
  // If it differs from `Host`, the second line makes the request a 400.
  if (typeof authority === "string" && rawHeader(fields, "host") !== authority) {
    fields.push("host", authority);
  }
  return fields;
}

/** Splits a target in absolute form; `at` is its scheme and authority, `rest` its path and query. */
function absoluteForm(target: string): readonly [at: string, authority: string, rest: string] {
  const [at = "", authority = ""] = /^https?:\/\/([^/?#]*)/i.exec(target) ?? [];
  const rest = target.slice(at.length);
  return [at, authority, rest.startsWith("/") ? rest : `/${rest}`];
}

/** The last origin that was checked, as most requests have the same. */
let known = { given: "", origin: "" };

/** The origin; `undefined` for an invalid or a second `Host` (RFC 9112 §3.2). */
function originOf(fields: RawHeaders, scheme: string): string | undefined {
  // HTTP/1.0 requests may lack it; Node has checked those of HTTP/1.1.
  const host = rawHeader(fields, "host") ?? "localhost";
  const given = scheme + host;
  if (given === known.given) return known.origin;
  // Two lines are combined with a comma, which no host has.
  if (!isAuthority(host) || !URL.canParse(given)) return undefined;
  known = { given, origin: new URL(given).origin };
  return known.origin;
}

/** The target URI (RFC 9112 §3.3), checked before the URL parser repairs an invalid path. */
function targetOf(target: string, origin: string): RequestTarget | undefined {
  if (!target.startsWith("/")) return undefined;
  const end = target.search(/[?#]/);
  const path = end < 0 ? target : target.slice(0, end);
  const canonical = canonicalPath(path);
  if (canonical === undefined) return undefined;
  if (PLAIN.test(target)) {
    return { origin, path, canonical, query: end < 0 ? "" : target.slice(end) };
  }
  // Node checks this on HTTP/1.1 only; other characters would be encoded twice.
  if (!ASCII.test(target)) return undefined;
  if (target.includes("#")) return undefined; // no target has a fragment (RFC 9112 §3.2)
  const { pathname, search } = new URL(origin + target);
  const sent = HARMLESS.test(target) ? target : undefined;
  return { origin, path: pathname, canonical, query: search, ...(sent && { sent }) };
}
