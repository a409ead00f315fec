/**
 * Errors of the proxy, the requests that it refuses, and its own responses to both.
 *
 * @module
 */
import { textResponse } from "../host/make_response.ts";
import { type ProxyErrorType, proxyStatus, statusOf } from "../http/proxy_status.ts";
import { hasPassed } from "../http/via.ts";
import { errorType } from "../transport/transport.ts";

/** An upstream or its response cannot be used. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  /** The error type (RFC 9209 §2.3). */
  readonly type: ProxyErrorType;
  /** The status of the upstream's response, if there was one. */
  readonly receivedStatus: number | undefined;
  /** The status to respond with, if not the one that RFC 9209 recommends for the type. */
  readonly status: number | undefined;

  constructor(type: ProxyErrorType, message: string, receivedStatus?: number, status?: number) {
    super(message);
    this.type = type;
    this.receivedStatus = receivedStatus;
    this.status = status;
  }
}

/**
 * A function of the user threw. The upstream is not to blame; the handler rejects with the cause.
 */
export class HookError extends Error {
  override readonly name = "HookError";

  /** Calls the function. */
  static async of<T>(hook: () => T): Promise<Awaited<T>> {
    try {
      return await hook();
    } catch (cause) {
      throw new HookError("a function of the user threw", { cause });
    }
  }
}

/** A response of the proxy itself. */
export interface OwnResponse {
  /** Its status. */
  readonly status: number;
  /** The reason in `Proxy-Status`, where it is known. */
  readonly type: ProxyErrorType | undefined;
  /** The status of the upstream's response, if there was one. */
  readonly receivedStatus?: number | undefined;
  /** Further fields. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Methods that `fetch` sends unchanged everywhere. Bun's sends GET for methods it does not know.
 */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** CONNECT asks for a tunnel, TRACE shows a browser's credentials to its scripts. */
const REFUSED = new Set(["CONNECT", "TRACE", "TRACK"]);
const ALLOW = { allow: [...METHODS].join(", ") };

/** The response to a request that is not valid. */
export const BAD_REQUEST: OwnResponse = { status: 400, type: "http_request_error" };

/**
 * Validates a request.
 *
 * @param anyMethod Whether the transport can send every method.
 * @param pseudonym The name of this proxy in `Via`, or `undefined` without one.
 * @returns The response in place of forwarding, or `undefined` for a request to forward.
 */
export function validateRequest(
  { method, headers }: Request,
  anyMethod: boolean,
  pseudonym: string | undefined,
): OwnResponse | undefined {
  if (REFUSED.has(method)) return { status: 405, type: "http_request_error", headers: ALLOW };
  if (!anyMethod && !METHODS.has(method)) return { status: 501, type: "http_request_error" };
  // RFC 9112 §6.3: framing that two readers could understand differently. Some hosts accept
  // `3, 3`, or take an unknown transfer coding for content.
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (length !== null && (coding !== null || !/^[0-9]+$/.test(length))) return BAD_REQUEST;
  if (coding !== null && !/^chunked$/i.test(coding)) {
    return { status: 501, type: "http_request_error" };
  }
  // RFC 9110 §10.1.1 has no other expectation than 100-continue, which the host has answered.
  const expect = headers.get("expect");
  if (expect !== null && expect.trim().toLowerCase() !== "100-continue") {
    return { status: 417, type: "http_request_error" };
  }
  // RFC 9110 §7.6.2: this proxy is the last recipient.
  if (method === "OPTIONS" && /^0+$/.test(headers.get("max-forwards") ?? "")) {
    return { status: 204, type: "proxy_internal_response", headers: ALLOW };
  }
  const via = headers.get("via");
  if (via !== null && pseudonym !== undefined && hasPassed(via, pseudonym)) {
    return { status: 502, type: "proxy_loop_detected" };
  }
  return undefined;
}

/** The response for an error between here and the end of the upstream's header section. */
export function responseForError(error: unknown): OwnResponse {
  const type = errorType(error);
  const { receivedStatus, retryAfter } = (error ?? {}) as {
    readonly receivedStatus?: number;
    readonly retryAfter?: number;
  };
  const status = (error instanceof ProxyError && error.status) || statusOf(type);
  const headers: Readonly<Record<string, string>> = retryAfter === undefined
    ? {}
    : { "retry-after": String(retryAfter) };
  return { status, type, receivedStatus, headers };
}

const REASONS = new Map([
  [400, "Bad Request"],
  [403, "Forbidden"],
  [405, "Method Not Allowed"],
  [408, "Request Timeout"],
  [417, "Expectation Failed"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
]);

/** Makes a response of the proxy itself. Its body reveals nothing of the inside. */
export function ownResponse(
  request: Request,
  pseudonym: string | undefined,
  own: OwnResponse,
): Response {
  const { status } = own;
  const headers = { ...own.headers, "proxy-status": statusField(pseudonym, own) };
  if (status === 204) return new Response(null, { status, headers });
  return textResponse(request, status, REASONS.get(status) ?? "", headers);
}

/** The `Proxy-Status` field of a response of the proxy itself (RFC 9209 §2). */
export function statusField(
  pseudonym: string | undefined,
  { type, receivedStatus }: Pick<OwnResponse, "type" | "receivedStatus">,
): string {
  return proxyStatus(pseudonym ?? "handwerk", { error: type, "received-status": receivedStatus });
}
