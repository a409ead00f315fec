/**
 * One attempt: a request to one upstream, watched until the end of its response.
 *
 * @module
 */
import { guardCallback } from "../../config.ts";
import { type BodyEnd, watchBody } from "../../host/watch_body.ts";
import { errorType, type IncomingResponse } from "../../transport/transport.ts";
import { HookError, ProxyError } from "../errors.ts";
import { type Agreement, isAgreement } from "../proxy_upgrade.ts";
import { sendTo } from "../send.ts";
import type { Attempt, Delivery, SendingUpstream } from "../types.ts";
import type { Health } from "./types.ts";

/** An attempt whose response is watched. */
export interface WatchedAttempt extends Attempt {
  /** Resolves at the end of the response. */
  readonly ended: Promise<BodyEnd>;
}

/** Sends a request to an upstream. It is in flight until the end of the response. */
export async function attemptRequest(
  delivery: Delivery,
  upstream: SendingUpstream,
  upstreams: readonly SendingUpstream[],
  healths: readonly Health[],
): Promise<WatchedAttempt> {
  const { request, upload, signal } = delivery;
  const { promise: ended, resolve } = Promise.withResolvers<BodyEnd>();
  const reports = healths.map((health) =>
    guardCallback("proxy: health", health.track(upstream, upstreams))
  );
  // A late disconnect may be the only end of a response that its host does not cancel.
  const signals = [signal, request.signal];
  let over = false;
  const end = (event: BodyEnd): void => {
    if (over) return;
    over = true;
    upstream.inFlight--;
    for (const each of signals) each.removeEventListener("abort", fail);
    for (const report of reports) report(event);
    resolve(event);
  };
  // A timeout counts against the upstream, a disconnect does not. With a body, neither does: a client
  // that sends slowly, or stops, must not be able to have an upstream ejected.
  const fail = (): void => {
    const excused = upload !== undefined || request.signal.aborted ||
      !isUpstreamFault(signal.reason);
    end(excused ? "abandoned" : "failed");
  };
  upstream.inFlight++;
  for (const each of signals) each.addEventListener("abort", fail);
  try {
    const { outgoing, incoming } = await sendTo(upstream, delivery);
    for (const report of reports) report("answered", incoming.status);
    // The fields may come from a generator, and are read several times. `body` and `trailers` may be
    // getters, which a spread does not copy. Without `flow`, the watched body is used.
    const { body, trailers } = incoming;
    const response = {
      ...incoming,
      fields: [...incoming.fields],
      body,
      trailers,
      flow: undefined,
    };
    if (!body || !hasContent(request.method, response.status)) {
      end("ended");
      return { upstream, outgoing, incoming: response, ended };
    }
    const watched = watchBody(body, {
      length: lengthOf(response),
      onEnd: (event) => event === "failed" ? fail() : end(event),
    });
    const tunnel = isAgreement(response) ? { tunnel: watchedTunnel(response, watched) } : {};
    return { upstream, outgoing, incoming: { ...response, ...tunnel, body: watched }, ended };
  } catch (error) {
    if (!isUpstreamFault(error)) end("abandoned");
    else if (isUnsent(error)) end("failed");
    else fail();
    throw error;
  }
}

/** A tunnel is read through `readable`, not through the body. */
function watchedTunnel(
  { tunnel }: Agreement,
  readable: ReadableStream<Uint8Array>,
): Agreement["tunnel"] {
  return tunnel instanceof Response ? tunnel : { ...tunnel, readable };
}

/** Errors after which it is certain that the upstream received nothing. */
const UNSENT = new Set(["connection_refused", "dns_error", "dns_timeout"]);

/** Whether it is certain that the upstream received nothing of the request. */
export function isUnsent(error: unknown): boolean {
  return UNSENT.has(errorType(error) ?? "") ||
    // Other errors of this type may come from a connection that was made and lost.
    (error instanceof ProxyError && error.type === "connection_timeout");
}

/** Errors of hooks and invalid requests of clients are not the fault of the upstream. */
export function isUpstreamFault(error: unknown): boolean {
  return !(error instanceof HookError) &&
    !(error instanceof ProxyError && error.type === "http_request_error");
}

/** The value of a field that has a single line. */
export function singleField({ fields }: IncomingResponse, wanted: string): string | undefined {
  const values = [...fields].flatMap(([name, value]) => name.toLowerCase() === wanted ? value : []);
  return values.length === 1 ? values[0] : undefined;
}

/** RFC 9112 §6.3: a transfer coding overrides Content-Length. A decoded body has another length. */
function lengthOf(incoming: IncomingResponse): number | undefined {
  const length = singleField(incoming, "content-length") ?? "";
  const known = /^[0-9]+$/.test(length) && !incoming.decoded &&
    singleField(incoming, "transfer-encoding") === undefined;
  return known ? Number(length) : undefined;
}

/** Whether the body of the response is read. */
function hasContent(method: string, status: number): boolean {
  return method !== "HEAD" && status !== 204 && status !== 205 && status !== 304;
}
