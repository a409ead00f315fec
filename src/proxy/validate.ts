/**
 * Requests that are not forwarded.
 *
 * @module
 */
import { hasPassed } from "../http/via.ts";
import type { OwnAnswer } from "./errors.ts";

/** Methods that every `fetch` sends as they are; Bun's makes GET of those it does not know. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** CONNECT asks for a tunnel, TRACE shows a browser's credentials to its scripts. */
const REFUSED = new Set(["CONNECT", "TRACE", "TRACK"]);
const ALLOW = { allow: [...METHODS].join(", ") };

/**
 * What to answer in place of forwarding the request, or `undefined` when it can be forwarded.
 *
 * @param anyMethod Whether it can be forwarded with any method.
 * @param pseudonym Ours in `Via`, or `undefined` when we do not sign.
 */
export function validateRequest(
  { method, headers }: Request,
  anyMethod: boolean,
  pseudonym: string | undefined,
): OwnAnswer | undefined {
  if (REFUSED.has(method)) return { status: 405, type: "http_request_error", headers: ALLOW };
  if (!anyMethod && !METHODS.has(method)) return { status: 501, type: "http_request_error" };
  const framing = framingRefusal(headers);
  if (framing) return { status: framing, type: "http_request_error" };
  const expect = headers.get("expect");
  // The host has answered 100-continue; RFC 9110 §10.1.1 knows no other expectation.
  if (expect !== null && expect.trim().toLowerCase() !== "100-continue") {
    return { status: 417, type: "http_request_error" };
  }
  // RFC 9110 §7.6.2: the last one to receive an OPTIONS answers it.
  if (method === "OPTIONS" && /^0+$/.test(headers.get("max-forwards") ?? "")) {
    return { status: 204, type: "proxy_internal_response", headers: ALLOW };
  }
  const via = headers.get("via");
  if (via !== null && pseudonym !== undefined && hasPassed(via, pseudonym)) {
    return { status: 502, type: "proxy_loop_detected" };
  }
  return undefined;
}

/**
 * RFC 9112 §6.3: framing that two readers could take for different things. Hosts refuse most of it
 * themselves; some pass `3, 3` on, or take what they do not know for content.
 */
function framingRefusal(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (length !== null && (coding !== null || !/^[0-9]+$/.test(length))) return 400;
  return coding === null || /^chunked$/i.test(coding) ? undefined : 501;
}
