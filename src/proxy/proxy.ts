/**
 * The middleware that forwards requests.
 *
 * @module
 */
import type { Middleware } from "../handler.ts";
import { longestPrefix } from "../http/prefixes.ts";
import { textResponse } from "../http/text.ts";
import { descend, entrance, type Place, placed } from "../mount.ts";
import { runtimeTransport } from "../runtime/transport.ts";
import { outgoingRequest, passBack } from "./exchange.ts";
import { readTarget, type Target, type TargetOptions } from "./target.ts";
import type { Transport } from "./transport.ts";

/** Upstreams by the prefix of the path. */
export type Targets = Readonly<Record<string, string | URL | TargetOptions>>;

/** Options of {@linkcode proxy}. */
export interface ProxyOptions {
  /**
   * How long the upstream may take to begin its answer, in milliseconds, counted from the moment
   * the request is forwarded; 0 for as long as it likes. Default 10000.
   */
  readonly timeout?: number;
  /** How requests are sent. Default: the best way that the runtime has. */
  readonly transport?: Transport;
  /**
   * Is told why a request was answered with 502 or 504, which the client is not. Default: one line
   * on `console.error`.
   */
  readonly onError?: (error: unknown, request: Request) => void;
}

/** setTimeout takes what does not fit into 31 bits for 1 ms. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
/** Methods that every `fetch` sends as they are; Bun's makes GET of those it does not know. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** CONNECT asks for a tunnel, TRACE shows a browser's credentials to its scripts. */
const REFUSED = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * Forwards requests to upstream servers by the prefix of their path, and hands every other request
 * to the wrapped handler. Prefixes match as in {@linkcode dispatch}: the longest wins, and each ends
 * where a segment ends. Content streams in both directions as it comes.
 *
 * Fields of the connection stay behind in both directions, also those that `Connection` names (RFC
 * 9110 §7.6.1). Redirects are passed on. A response that is cut arrives cut.
 *
 * - 502 when the upstream cannot be reached or its answer is no HTTP response (RFC 9110 §15.6.3).
 * - 504 when it did not begin its answer in time (RFC 9110 §15.6.5).
 * - 501 for a method that the runtime cannot forward as it is.
 * - 405 for CONNECT and TRACE.
 * - 400 when the URL of the request has no valid host or path.
 *
 * Requests to upgrade the connection, as for WebSocket, are forwarded as plain requests.
 *
 * @param targets URLs or {@linkcode TargetOptions} by prefix.
 * @param options See {@linkcode ProxyOptions}.
 * @returns A middleware.
 * @throws {TypeError} When a prefix is no path, a target is no http URL, or an option has a value
 * that is wrong or cannot be honoured on this runtime. The handler rejects with one when the body of
 * a request was read before it came here.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 *
 * const app = proxy({
 *   "/api": "http://127.0.0.1:5001/",
 *   "/static": { target: "http://127.0.0.1:5002/files", removePrefix: true },
 * })(notFound);
 * console.log((await app(new Request("http://localhost/elsewhere"))).status); // 404
 * ```
 */
export function proxy(targets: Targets, options: ProxyOptions = {}): Middleware {
  const { timeout = 10_000, transport = runtimeTransport(), onError = report } = options;
  if (typeof timeout !== "number" || !(timeout >= 0 && timeout <= LONGEST_TIMEOUT)) {
    throw new TypeError(`proxy: timeout must be milliseconds, from 0 to ${LONGEST_TIMEOUT}`);
  }
  if (typeof transport?.send !== "function") {
    throw new TypeError("proxy: transport must have a function send; leave it out for the default");
  }
  const find = longestPrefix(
    "proxy: the prefix",
    Object.entries(targets).map(([prefix, value]) =>
      [prefix, readTarget(prefix, value, transport)] as const
    ),
  );

  const forward = async (
    request: Request,
    place: Place,
    target: Target,
    path: string,
  ): Promise<Response> => {
    const refused = refuseMethod(request, transport);
    if (refused) return refused;
    if (request.bodyUsed) {
      throw new TypeError("proxy: the request's body was read before it could be forwarded");
    }
    const exchange = new AbortController();
    const outgoing = outgoingRequest(request, target, path, place.target.query, exchange.signal);
    if (!outgoing) return textResponse(request, 400, "Bad Request");

    const abort = (): void => exchange.abort(request.signal.reason);
    if (request.signal.aborted) abort();
    request.signal.addEventListener("abort", abort, { once: true });
    let late = false;
    const timer = timeout === 0 ? undefined : setTimeout(() => {
      late = true;
      exchange.abort(new Error(`no answer within ${timeout} ms`));
    }, timeout);
    try {
      return passBack(request.method, await transport.send(outgoing));
    } catch (error) {
      exchange.abort(error);
      if (!request.signal.aborted) onError(error, request);
      return late
        ? textResponse(request, 504, "Gateway Timeout")
        : textResponse(request, 502, "Bad Gateway");
    } finally {
      clearTimeout(timer);
    }
  };

  return (inner) => {
    const passOn = entrance(inner);
    return placed((request, place, args) => {
      const found = find(place.canonical);
      if (!found) return passOn(request, place, args);
      const { value: target, end } = found;
      const path = target.removePrefix ? descend(place, end).path : place.path;
      return forward(request, place, target, path);
    });
  };
}

function refuseMethod(request: Request, transport: Transport): Response | undefined {
  const { method } = request;
  if (REFUSED.has(method)) {
    return textResponse(request, 405, "Method Not Allowed", { allow: [...METHODS].join(", ") });
  }
  if (METHODS.has(method) || transport.capabilities.has("anyMethod")) return undefined;
  return textResponse(request, 501, "Not Implemented");
}

function report(error: unknown, request: Request): void {
  console.error(`proxy: ${request.method} ${request.url}:`, error);
}
