/**
 * The way of a request: identify the client, build the request to the upstream, choose upstreams
 * and try them, build the response.
 *
 * @module
 */
import { isDisconnected, nativeRequest } from "../host/host_request.ts";
import { discard } from "../host/watch_body.ts";
import type { MountState } from "../mount.ts";
import { identifyClient } from "./client_info.ts";
import {
  BAD_REQUEST,
  HookError,
  ownResponse,
  responseForError,
  validateRequest,
} from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { isSmuggling, upgradeOf } from "./proxy_upgrade.ts";
import type { Attempt, ClientRequest, Delivery, Target } from "./types.ts";
import { Upload } from "./upload.ts";
import { buildUpstreamRequest, contentOf } from "./upstream_request.ts";
import { buildResponse } from "./upstream_response.ts";
import type { ProxySettings } from "./proxy_options.ts";

/** Forwards a request to a target; `mount` is where it is after the prefix was removed. */
export async function forward(
  request: Request,
  mount: MountState,
  target: Target,
  args: readonly unknown[],
  settings: ProxySettings,
): Promise<Response> {
  const pseudonym = settings.pseudonym();
  const refusal = validateRequest(request, target.anyMethod, pseudonym);
  if (refusal) return ownResponse(request, pseudonym, refusal);
  if (request.bodyUsed) {
    throw new TypeError("proxy: the request's content was read before it came here; read a clone");
  }
  // A native request can only be made of content that was not read yet.
  if (settings.showsRequest && request.body) nativeRequest(request);
  const upgrade = upgradeOf(request, mount.original, args, settings.transport);
  if (upgrade && isSmuggling(request)) return ownResponse(request, pseudonym, BAD_REQUEST);

  // Identify the client.
  const client = identifyClient(request, mount, args, settings);

  const exchange = new Exchange(request, settings.timeout);
  const { signal } = exchange;
  const received = { request, args, mount, pseudonym, client, target, settings, upgrade, signal };
  let delivery: Delivery | undefined;
  let sent: Promise<Attempt> | undefined;
  try {
    // Build the request to the upstream.
    const content = mirrored(received, contentOf(request, target), exchange);
    delivery = buildUpstreamRequest(received, content ? new Upload(content, exchange) : undefined);

    // Choose upstreams and try them.
    sent = target.deliver(delivery);
    const attempt = await exchange.race(sent);
    exchange.begin();
    delivery.upload?.settle();

    // Build the response.
    return await buildResponse(delivery, attempt, exchange);
  } catch (error) {
    exchange.abort(error);
    delivery?.upload?.cancel(error);
    // A response may have come, or may still come, where the transport ignores the signal.
    void sent?.then(({ incoming }) => discard(incoming.body), () => {});
    if (error instanceof HookError) throw error.cause;
    // No client reads it; the status is for logs.
    if (isDisconnected(request)) return new Response(null, { status: 499 });
    const own = responseForError(error);
    if (own.status >= 500) settings.onError(error, request, delivery?.tried);
    return ownResponse(request, pseudonym, own);
  }
}

/** Sends a copy to the mirror of the target, if it has one. Returns the content of the original. */
function mirrored(
  received: ClientRequest,
  content: ReadableStream<Uint8Array> | null,
  exchange: Exchange,
): ReadableStream<Uint8Array> | null {
  const { target: { mirror }, upgrade, settings } = received;
  // A mirror that agreed to an upgrade would be a second end of the connection.
  if (!mirror || upgrade || !mirror.by.shouldCopy()) return content;
  const silent = { ...settings, onInformational: undefined, earlyHints: false };
  return mirror.by.copy(
    content,
    async (content, signal) => {
      const copy = { ...received, target: mirror.to, settings: silent, signal };
      const upload = content ? new Upload(content) : undefined;
      const { incoming } = await mirror.to.deliver(buildUpstreamRequest(copy, upload));
      return incoming.body;
    },
    (reason) => exchange.abort(reason),
  );
}
