/**
 * A look at what a proxy would send.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { forwarder } from "./pipeline.ts";
import { type ProxyOptions, readProxyOptions } from "./proxy_options.ts";
import { leaf } from "./proxy_to.ts";
import {
  type AnyTarget,
  isOptions,
  type KnownOptions,
  readTarget,
  type TargetNeeds,
} from "./target.ts";
import type { OutgoingRequest } from "../transport/transport.ts";

/** What a proxy would send. */
export interface Inspection {
  /** The URL of the request. */
  readonly url: string;
  /** Its method. */
  readonly method: string;
  /** Its `Host` field. */
  readonly host: string;
  /** All its other fields; what frames the content apart. */
  readonly fields: readonly Field[];
  /** How its content is framed: not at all, by its length, or in chunks. */
  readonly framing: "none" | "length" | "chunked";
}

/**
 * Tells what {@linkcode proxyTo} with the same arguments would send for a request, without sending
 * it: to try a configuration out, and to test it.
 *
 * @param target See {@linkcode proxyTo}.
 * @param options See {@linkcode ProxyOptions}.
 * @returns A function of a request and what the host passes after it; what it returns resolves to
 * the request that would be sent, or to the response of a proxy that would refuse it.
 * @throws {TypeError} As {@linkcode proxyTo} does.
 *
 * @example
 * ```ts
 * import { inspect } from "@handwerk/handwerk/proxy";
 *
 * const look = inspect("http://127.0.0.1:5001/app", { via: false, clientAddress: () => "::1" });
 * const sent = await look(new Request("http://localhost/x?q", { headers: { te: "trailers" } }));
 * if (sent instanceof Response) throw new Error("refused");
 * console.log(sent.method, sent.url, sent.host); // GET http://127.0.0.1:5001/app/x?q 127.0.0.1:5001
 * console.log(sent.fields.join(" ")); // x-forwarded-for,::1 x-forwarded-proto,http x-forwarded-host,localhost x-forwarded-port,80
 * ```
 */
export function inspect<T extends AnyTarget>(
  target: T & KnownOptions<T>,
  options: ProxyOptions = {},
): (request: Request, ...args: TargetNeeds<T>) => Promise<Inspection | Response> {
  const settings = { ...readProxyOptions(options), onResponse: undefined };
  const checked = readTarget("the target", calm(target), settings);
  return async (request, ...args) => {
    let sent: OutgoingRequest | undefined;
    const forward = forwarder(settings, (_upstream, outgoing) => {
      sent = outgoing;
      return Promise.resolve({ status: 204, reason: "", fields: [], body: null });
    });
    const response = await leaf<TargetNeeds<T>>(checked, forward, settings)(request, ...args);
    return sent ? inspection(sent) : response;
  };
}

/** The target without what would count, or send, requests that are only looked at. */
function calm(target: AnyTarget): AnyTarget {
  if (!isOptions(target)) return target;
  const { retry: _r, health: _h, limit: _l, mirror: _m, ...calmed } = target;
  return calmed;
}

function inspection({ url, method, host, fields, body }: OutgoingRequest): Inspection {
  const sized = fields.some(([name]) => name === "content-length");
  const framing = body === null ? "none" : sized ? "length" : "chunked";
  return { url: url.href, method, host, fields, framing };
}
