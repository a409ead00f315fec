/**
 * The pipeline: what happens to a request from here to the upstream and back.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { statusOf } from "../http/proxy_status.ts";
import { isDisconnected, nativeRequest } from "../host/host_request.ts";
import type { MountState } from "../mount.ts";
import { errorType } from "../transport/error_type.ts";
import { answerFields, checkStatus, responseOf } from "./upstream_response.ts";
import { connecting } from "./connect_timer.ts";
import { withEarlyHints } from "./forward_hints.ts";
import { Exchange } from "./exchange.ts";
import { HookError, type OwnAnswer, ownResponse, ProxyError } from "./errors.ts";
import { identifyClient } from "./client_info.ts";
import { closedWhenIdle } from "./idle_tunnel.ts";
import type { ProxySettings } from "./proxy_options.ts";
import { frontOf, outgoingRequest, uploadOf } from "./upstream_request.ts";
import { withLength } from "./own_length.ts";
import { validateRequest } from "./validate.ts";
import { type Places, rewrite, withoutSecure } from "./rewrite.ts";
import { basePath } from "./target_url.ts";
import type { OutgoingRequest } from "../transport/transport.ts";
import {
  answerUpgrade,
  isAgreement,
  isSmuggling,
  upgradeOf,
  withUpgrade,
} from "./proxy_upgrade.ts";
import { Upload } from "./upload.ts";
import type { CookieScope, SelectionContext } from "./upstreams/types.ts";
import type { SendCopy } from "./upstreams/mirror.ts";
import { discard } from "../host/watch_body.ts";
import type { Attempt, ClientRequest, Send, SendingUpstream, Target } from "./types.ts";

/** Forwards a request to a target; `place` is where it is after the prefix was taken off. */
export type Forward = (
  request: Request,
  mount: MountState,
  target: Target,
  args: readonly unknown[],
) => Promise<Response>;

/**
 * Makes the pipeline: validate, choose, build the URL, strip, add the forwarding fields, send,
 * sanitise, rewrite, answer.
 */
export function forwarder(
  settings: ProxySettings,
  send: Send = (upstream, outgoing, args) => upstream.send(outgoing, args),
): Forward {
  const { onRequest, onResponse } = settings;
  const sendInTime = connecting(send, settings.timeouts.connect);
  return async (request, mount, target, args) => {
    const name = settings.pseudonym();
    const own = (why: OwnAnswer): Response => ownResponse(request, name, why);
    const refused = validateRequest(request, target.anyMethod, name);
    if (refused) return own(refused);
    if (request.bodyUsed) {
      throw new TypeError(
        "proxy: the request's content was read before it came here; read a clone",
      );
    }
    // A native request can only be made of content that nobody has begun to read.
    if (settings.tells && request.body) nativeRequest(request);
    const upgrade = upgradeOf(request, mount.original, args, settings.transport);
    if (upgrade && isSmuggling(request)) return own({ status: 400, type: "http_request_error" });
    const seen = identifyClient(request, mount, args, settings);
    const exchange = new Exchange(request, settings);
    const received: ClientRequest = {
      request,
      mount,
      seen,
      target,
      body: uploadOf(request, target),
      signal: exchange.signal,
    };
    let asked: SendingUpstream | undefined;
    const deliver = (
      received: ClientRequest,
      upload: Upload | undefined,
      settings: ProxySettings,
    ): Promise<Attempt> =>
      received.target.deliver({
        asked: new Asking(request, seen.client),
        request,
        upload,
        signal: received.signal,
        patience: patienceOf(settings),
        async attempt(upstream) {
          if (received.target === target) asked = upstream;
          const body = upload ? upload.attempt() : null;
          const plain = outgoingRequest(received, body, upstream, settings);
          if (!plain) throw new ProxyError("http_request_error", "the path would leave the target");
          const built = upgrade ? withUpgrade(plain, upgrade) : plain;
          const changed = onRequest
            ? await HookError.of(() => onRequest(built, request)) ?? built
            : built;
          const sized = await withLength(changed, body, upload, request);
          const outgoing = settings.earlyHints
            ? withEarlyHints(sized, mount.original, (fields) =>
              target.rewriteLocation
                ? rewrite(fields, () =>
                  placesOf(received, upstream, sized))
                : fields)
            : sized;
          const incoming = await sendInTime(upstream, outgoing, args);
          if (!upgrade || !isAgreement(incoming)) {
            checkStatus(incoming);
          }
          return { upstream, outgoing, incoming };
        },
      });
    // What a mirror says, early or late, is nobody's business.
    const copy = (received: ClientRequest): Promise<Attempt> =>
      deliver(received, received.body ? new Upload(received.body) : undefined, {
        ...settings,
        onInformational: undefined,
        earlyHints: false,
      });
    let sent: Promise<Attempt> | undefined;
    let upload: Upload | undefined;
    try {
      const abort = (why: unknown): void => exchange.abort(why);
      // A mirror that agreed to an upgrade would be a second end of the connection.
      const original = upgrade ? received : mirrored(received, copy, abort);
      if (original.body) upload = new Upload(original.body, { moved: exchange.moved, cut: abort });
      sent = deliver(original, upload, settings);
      const { upstream, outgoing, incoming } = await exchange.race(sent);
      exchange.begin();
      upload?.settle();
      const fields = answerFields(incoming, target.credentials, name);
      const mapped = target.rewriteLocation
        ? rewrite(fields, () => placesOf(received, upstream, outgoing))
        : fields;
      const sticky = target.cookie?.(upstream, request.headers, scopeOf(received, outgoing));
      const rewritten = target.secureCookies || frontOf(outgoing.fields, seen).proto === "https"
        ? mapped
        : withoutSecure(mapped);
      const answer: readonly Field[] = sticky === undefined
        ? rewritten
        : [...rewritten, ["set-cookie", sticky]];
      if (upgrade && isAgreement(incoming)) {
        exchange.end();
        return await answerUpgrade(
          request,
          incoming,
          answer,
          upgrade,
          name,
          (tunnel) => closedWhenIdle(tunnel, settings.timeouts.tunnel),
        );
      }
      const around = { request, exchange, settings, upstream };
      const response = responseOf(incoming, answer, around);
      if (!onResponse) return response;
      return await HookError.of(() => onResponse(response, request)) ?? response;
    } catch (error) {
      exchange.abort(error);
      upload?.cancel(error);
      // It may have come, or come yet, where the sender does not notice.
      void sent?.then(({ incoming }) => discard(incoming.body), () => {});
      if (error instanceof HookError) throw error.cause;
      // Nobody reads it; the status is for logs.
      if (isDisconnected(request)) return new Response(null, { status: 499 });
      const failed = whatFailed(error);
      if (failed.status >= 500) settings.onError(error, request, asked);
      return own(failed);
    }
  };
}

/** A request as balancers see it. The native one is made only for those who look. */
class Asking implements SelectionContext {
  readonly #request: Request;
  readonly clientAddress: string | undefined;

  constructor(request: Request, clientAddress: string | undefined) {
    [this.#request, this.clientAddress] = [request, clientAddress];
  }

  get request(): Request {
    return nativeRequest(this.#request);
  }
}

/** What is sent after a copy was sent to the mirror, if there is one. */
function mirrored(
  received: ClientRequest,
  deliver: (received: ClientRequest) => Promise<Attempt>,
  abort: (reason: unknown) => void,
): ClientRequest {
  const { target: { mirror }, body } = received;
  if (!mirror?.by.shouldCopy()) return received;
  const copy: SendCopy = async (body, signal) => {
    const { incoming } = await deliver({ ...received, target: mirror.to, body, signal });
    return incoming.body;
  };
  return { ...received, body: mirror.by.copy(body, copy, abort) };
}

function patienceOf({ timeouts: { headers, total } }: ProxySettings): number {
  return Math.min(headers || Infinity, total || Infinity);
}

function whatFailed(error: unknown): OwnAnswer {
  const type = errorType(error);
  const { receivedStatus, retryAfter } = (error ?? {}) as {
    readonly receivedStatus?: number;
    readonly retryAfter?: number;
  };
  const headers: Record<string, string> = retryAfter === undefined
    ? {}
    : { "retry-after": String(retryAfter) };
  const status = (error instanceof ProxyError && error.status) || statusOf(type);
  return { status, type, receivedStatus, headers };
}

/** What of the site as the client knows it the target is. */
function scopeOf({ mount, seen, target }: ClientRequest, { fields }: OutgoingRequest): CookieScope {
  const { proto } = frontOf(fields, seen);
  return { path: mount.base + target.scope, secure: proto === "https" };
}

function placesOf(
  { mount, seen }: ClientRequest,
  upstream: SendingUpstream,
  { url, host, fields }: OutgoingRequest,
): Places {
  // The upstream may know itself by the Host it is sent, and by the scheme that it is told of.
  const { proto } = frontOf(fields, seen);
  const origins = [url.host, host].flatMap((name) =>
    [url.protocol, `${proto}:`].flatMap((scheme) => URL.parse(`${scheme}//${name}`)?.origin ?? [])
  );
  return {
    origins: [...new Set(origins)],
    base: basePath(upstream.url),
    prefix: mount.base,
    host: seen.host,
  };
}
