/**
 * Sends a request to the upstream that was chosen.
 *
 * @module
 */
import { hostRequestOf, nativeRequest } from "../host/host_request.ts";
import { discard } from "../host/watch_body.ts";
import { endToEnd } from "../http/hop_by_hop.ts";
import { splitLinks } from "../http/references.ts";
import type { IncomingResponse, OutgoingRequest } from "../transport/transport.ts";
import { HookError, ProxyError } from "./errors.ts";
import { isAgreement } from "./proxy_upgrade.ts";
import { rewriteResponse } from "./rewrite.ts";
import type { Attempt, Delivery, SendingUpstream } from "./types.ts";
import { withContentLength } from "./upload.ts";
import { requestTo } from "./upstream_request.ts";

/**
 * Sends a request to an upstream.
 *
 * @throws {ProxyError} When there is no connection in time, or the status cannot be passed on.
 */
export async function sendTo(upstream: SendingUpstream, delivery: Delivery): Promise<Attempt> {
  const { request, args, upload, upgrade, settings } = delivery;
  const { onRequest } = settings;
  delivery.tried = upstream;
  const body = upload ? upload.attempt() : null;
  let outgoing = requestTo(upstream, delivery, body);
  if (onRequest) {
    const built = outgoing;
    outgoing = await HookError.of(() => onRequest(built, nativeRequest(request))) ?? built;
  }
  if (outgoing.body) outgoing = await withContentLength(outgoing, body, upload, request);
  if (settings.earlyHints) outgoing = withEarlyHints(outgoing, upstream, delivery);
  const limit = upstream.local ? 0 : settings.timeout.connect;
  const incoming = settings.inspect
    ? settings.inspect(outgoing)
    : limit === 0
    ? await upstream.send(outgoing, args)
    : await sendInTime(upstream, outgoing, args, limit);
  if (!upgrade || !isAgreement(incoming)) checkStatus(incoming);
  return { upstream, outgoing, incoming };
}

/** Passes `103 Early Hints` (RFC 8297) on to a client that supports them. */
function withEarlyHints(
  outgoing: OutgoingRequest,
  upstream: SendingUpstream,
  delivery: Delivery,
): OutgoingRequest {
  const client = hostRequestOf(delivery.mount.original);
  if (!client?.supportsEarlyHints) return outgoing;
  const { onInformational } = outgoing;
  return {
    ...outgoing,
    onInformational(status, fields) {
      if (status === 103) {
        const kept = endToEnd(fields);
        const mapped = delivery.target.rewriteLocation
          ? rewriteResponse(kept, delivery, upstream, outgoing)
          : kept;
        client.sendEarlyHints(
          mapped.flatMap(([name, value]) => name === "link" ? splitLinks(value) : []),
        );
      }
      onInformational?.(status, fields);
    },
  };
}

/**
 * Fails when there is no connection within `limit` milliseconds. Each attempt has all of that time.
 */
function sendInTime(
  upstream: SendingUpstream,
  outgoing: OutgoingRequest,
  args: readonly unknown[],
  limit: number,
): Promise<IncomingResponse> {
  return new Promise((resolve, reject) => {
    const late = new AbortController();
    const signal = AbortSignal.any([outgoing.signal, late.signal]);
    const timer = setTimeout(() => {
      const why = `no connection within ${limit} ms (option timeout.connect)`;
      const error = new ProxyError("connection_timeout", why);
      late.abort(error);
      reject(error); // a transport may not notice the signal before it has a connection
    }, limit);
    const stop = (): void => clearTimeout(timer);
    signal.addEventListener("abort", stop, { once: true });
    upstream.send({ ...outgoing, signal, onConnected: stop }, args).finally(stop).then(
      (incoming) => late.signal.aborted ? discard(incoming.body) : resolve(incoming),
      reject,
    );
  });
}

/** Refuses statuses that cannot be passed on. */
function checkStatus({ status, body }: IncomingResponse): void {
  if (status >= 200 && status <= 599 && status !== 407) return;
  discard(body);
  // A 101 that was not asked for would be a tunnel; statuses outside of 200–599 are not final. A
  // 407 is for this proxy, and not for the client (RFC 9110 §11.7.1).
  const received = Number.isInteger(status) ? status : undefined;
  throw new ProxyError("http_protocol_error", `the upstream answered ${status}`, received);
}
