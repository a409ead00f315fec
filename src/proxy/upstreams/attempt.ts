/**
 * One request sent to one upstream, and followed to the end of its response.
 *
 * @module
 */
import { guardCallback } from "../../config.ts";
import { errorType, type IncomingResponse } from "../../transport/transport.ts";
import { HookError, ProxyError } from "../errors.ts";
import { type Agreement, isAgreement } from "../proxy_upgrade.ts";
import type { Health } from "./types.ts";
import { type BodyEnd, watchBody } from "../../host/watch_body.ts";
import { sendTo } from "../send.ts";
import type { Attempt, Delivery, SendingUpstream } from "../types.ts";

/** What an upstream answered, or why it did not. */
export type AttemptResult =
  | {
    readonly attempt: Attempt;
    /** Resolves when the response has come to its end. */
    readonly ended: Promise<BodyEnd>;
  }
  | {
    readonly attempt?: undefined;
    readonly error: unknown;
    /** Whether the request was sent, or would have been if the upstream had let it. */
    readonly tried: boolean;
  };

/** Sends to an upstream, which has the request in flight until the end of the response. */
export async function attemptRequest(
  delivery: Delivery,
  upstream: SendingUpstream,
  upstreams: readonly SendingUpstream[],
  healths: readonly Health[],
): Promise<AttemptResult> {
  const { request, upload, signal } = delivery;
  const { promise: ended, resolve } = Promise.withResolvers<BodyEnd>();
  const reports = healths.map((health) =>
    guardCallback("proxy: health", health.track(upstream, upstreams))
  );
  // A client that leaves late may be all that ends a response, if its host does not cancel it.
  const signals = [signal, request.signal];
  let over = false;
  const end = (ending: BodyEnd): void => {
    if (over) return;
    over = true;
    upstream.inFlight--;
    for (const each of signals) each.removeEventListener("abort", failed);
    for (const report of reports) report(ending);
    resolve(ending);
  };
  // The client that leaves is not the upstream's fault; the time that is over is. With content, it
  // may be the client who sends it slowly, or broke it off, to have the upstream ejected.
  const failed = (): void => {
    const excused = upload !== undefined || request.signal.aborted || isOurs(signal.reason);
    end(excused ? "abandoned" : "failed");
  };
  upstream.inFlight++;
  for (const each of signals) each.addEventListener("abort", failed);
  try {
    const answered = await sendTo(upstream, delivery);
    // They are looked at here and there, and may come from a generator.
    const fields = [...answered.incoming.fields];
    // The stream is followed, so it is what is to be used.
    const { body: given, trailers } = answered.incoming;
    const incoming = { ...answered.incoming, fields, body: given, trailers, flow: undefined };
    for (const report of reports) report("answered", incoming.status);
    if (!incoming.body || !hasContent(request.method, incoming.status)) {
      end("ended");
      return { attempt: { ...answered, incoming }, ended };
    }
    const followed = watchBody(incoming.body, {
      length: lengthOf(incoming),
      onEnd: (ending) => ending === "failed" ? failed() : end(ending),
    });
    if (isAgreement(incoming)) {
      const agreed = { ...incoming, body: followed, tunnel: followedTunnel(incoming, followed) };
      return { attempt: { ...answered, incoming: agreed }, ended };
    }
    return { attempt: { ...answered, incoming: { ...incoming, body: followed } }, ended };
  } catch (error) {
    const tried = !isOurs(error);
    if (!tried) end("abandoned");
    else if (isUnsent(error)) end("failed");
    else failed();
    return { error, tried };
  }
}

/** The tunnel is what is read, not the content beside it. */
function followedTunnel(
  { tunnel }: Agreement,
  readable: ReadableStream<Uint8Array>,
): Agreement["tunnel"] {
  return tunnel instanceof Response ? tunnel : { ...tunnel, readable };
}

/** Errors after which it is certain that no request was sent. */
const UNSENT = new Set(["connection_refused", "dns_error", "dns_timeout"]);

/** Whether the error means that the upstream was sent nothing. */
export function isUnsent(error: unknown): boolean {
  return UNSENT.has(errorType(error) ?? "") ||
    // Of others, a connection may have been lost in this way after it was made.
    (error instanceof ProxyError && error.type === "connection_timeout");
}

/** An upstream must not be blamed for what the client asked for, nor for a hook. */
function isOurs(error: unknown): boolean {
  return error instanceof HookError ||
    (error instanceof ProxyError && error.type === "http_request_error");
}

/** The value of a field, if there is one line of it. */
export function singleField({ fields }: IncomingResponse, wanted: string): string | undefined {
  const values = [...fields].flatMap(([name, value]) => name.toLowerCase() === wanted ? value : []);
  return values.length === 1 ? values[0] : undefined;
}

/** RFC 9112 §6.3: a transfer coding makes the length meaningless, and so does a decoder. */
function lengthOf(incoming: IncomingResponse): number | undefined {
  const length = singleField(incoming, "content-length") ?? "";
  const known = /^[0-9]+$/.test(length) && !incoming.decoded &&
    singleField(incoming, "transfer-encoding") === undefined;
  return known ? Number(length) : undefined;
}

/** Whether anybody will read the content; else it ends by itself. */
function hasContent(method: string, status: number): boolean {
  return method !== "HEAD" && status !== 204 && status !== 205 && status !== 304;
}
