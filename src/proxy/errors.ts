/**
 * What can go wrong with an upstream, and the answers that the proxy gives in its own name.
 *
 * @module
 */
import { type ProxyErrorType, proxyStatus } from "../http/proxy_status.ts";
import { textResponse } from "../host/text_response.ts";

/** An upstream, or what it answered, is of no use. */
export class ProxyError extends Error {
  override readonly name = "Failure";
  /** The type of the error (RFC 9209 §2.3). */
  readonly type: ProxyErrorType;
  /** The status that the upstream answered with, if it did. */
  readonly receivedStatus: number | undefined;
  /** The status to answer with, where the type has another one. */
  readonly status: number | undefined;

  constructor(type: ProxyErrorType, message: string, receivedStatus?: number, status?: number) {
    super(message);
    this.type = type;
    this.receivedStatus = receivedStatus;
    this.status = status;
  }
}

/** A hook of the user's threw, which is no failure of the upstream: the handler rejects with it. */
export class HookError extends Error {
  override readonly name = "HookError";

  /** Calls a hook. */
  static async of<T>(hook: () => T): Promise<Awaited<T>> {
    try {
      return await hook();
    } catch (cause) {
      throw new HookError("a hook threw", { cause });
    }
  }
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

/** An answer of our own. */
export interface OwnAnswer {
  /** Its status. */
  readonly status: number;
  /** Why; `undefined` when that is not known. */
  readonly type: ProxyErrorType | undefined;
  /** The status that the upstream answered with, if it did. */
  readonly receivedStatus?: number | undefined;
  /** Further fields. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** `Proxy-Status` of an answer of our own (RFC 9209 §2). */
export function statusField(
  name: string | undefined,
  { type, receivedStatus }: Pick<OwnAnswer, "type" | "receivedStatus">,
): string {
  return proxyStatus(name ?? "handwerk", { error: type, "received-status": receivedStatus });
}

/** The response for an answer of our own: it tells nothing of the inside. */
export function ownResponse(
  request: Request,
  name: string | undefined,
  answer: OwnAnswer,
): Response {
  const { status, headers } = answer;
  const fields = { ...headers, "proxy-status": statusField(name, answer) };
  if (status === 204) return new Response(null, { status, headers: fields });
  return textResponse(request, status, REASONS.get(status) ?? "", fields);
}
