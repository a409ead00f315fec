/**
 * Upgrades a connection, as for WebSocket: first the upstream has to agree.
 *
 * @module
 */
import { watchBody } from "../host/watch_body.ts";
import { agrees } from "../transport/websocket/handshake.ts";
import type { Field } from "../http/fields.ts";
import { agreesTo, contentLength, upgradeProtocol } from "../http/upgrade.ts";
import { upgraderOf } from "../platform/current.ts";
import { fromFetch } from "../transport/fetch_transport.ts";
import type {
  IncomingResponse,
  OutgoingRequest,
  Transport,
  Tunnel,
} from "../transport/transport.ts";
import { nativeTunnel, type Upgrader } from "../transport/tunnel.ts";
import { ProxyError, statusField } from "./errors.ts";

/** The upgrade that a client asks for. */
export interface Upgrade {
  /** The protocol, in lower case. */
  readonly protocol: string;
  /** How the host upgrades the client's connection. */
  readonly upgrader: Upgrader;
}

/** The response of an upstream that agrees. Cancelling its content closes the connection. */
export interface Agreement extends IncomingResponse {
  /** The tunnel, or a response that the runtime makes a tunnel of. */
  readonly tunnel: Tunnel | Response;
}

/**
 * The upgrade that a request asks for. `undefined` for an upgrade to be ignored (RFC 9110 §7.8): of
 * an unknown protocol, or one that the host or the transport cannot do.
 *
 * @param original The request as the host passed it.
 * @param args The platform arguments.
 */
export function upgradeOf(
  request: Request,
  original: Request,
  args: readonly unknown[],
  transport: Transport,
): Upgrade | undefined {
  if (request.headers.get("upgrade") === null || !transport.upgrade) return undefined;
  const protocol = upgradeProtocol(request.method, request.headers);
  const upgrader = protocol === undefined ? undefined : upgraderOf(original, args);
  if (protocol === undefined || !upgrader) return undefined;
  return upgrader.relays && protocol !== "websocket" ? undefined : { protocol, upgrader };
}

/**
 * Whether a request to upgrade has content that it must not have. An upstream that does not upgrade
 * would read it as the next request, which no middleware has seen.
 */
export function isSmuggling({ method, headers, body }: Request): boolean {
  const length = contentLength(method, headers);
  return length === undefined || (length === 0 && body !== null);
}

/** Adds the fields of the upgrade, which were removed with those of the client's connection. */
export function upgradeFields(
  fields: readonly Field[],
  { protocol, upgrader }: Upgrade,
): readonly Field[] {
  // A relay passes on messages, which must be as the client wrote them.
  const kept = upgrader.relays
    ? fields.filter(([name]) => name !== "sec-websocket-extensions")
    : fields;
  return [...kept, ["connection", "Upgrade"], ["upgrade", protocol]];
}

/**
 * Asks an upstream to upgrade.
 *
 * @throws {ProxyError} When it agrees to another protocol.
 */
export async function sendUpgrade(
  transport: Transport,
  outgoing: OutgoingRequest,
): Promise<IncomingResponse> {
  const incoming = await transport.upgrade?.(outgoing);
  if (!incoming) throw new ProxyError("http_upgrade_failed", "the transport cannot upgrade");
  if (incoming instanceof Response) return nativeAgreement(incoming);
  if (!("readable" in incoming)) return incoming;
  const fields = [...incoming.fields];
  if (!agreesTo(outgoing.upgrade ?? "", fields)) {
    await incoming.readable.cancel();
    throw new ProxyError("http_upgrade_failed", "the upstream upgraded to another protocol", 101);
  }
  return {
    status: 101,
    reason: "",
    fields,
    body: incoming.readable,
    tunnel: incoming,
  } as Agreement;
}

/** The agreement in a response that the runtime makes a tunnel of; or the response itself. */
export function nativeAgreement(
  response: Response,
  read: (response: Response) => IncomingResponse = fromFetch,
): IncomingResponse {
  if (response.status !== 101) return read(response);
  return { ...fromFetch(response), body: null, tunnel: response } as Agreement;
}

/** Whether an upstream has agreed. */
export function isAgreement(incoming: IncomingResponse): incoming is Agreement {
  return "tunnel" in incoming;
}

/**
 * The response that makes a tunnel of the client's connection.
 *
 * @param fields The fields of the upstream's response that are passed on.
 * @param pseudonym The name of the proxy, if it has one.
 * @param idle How long the tunnel is kept while nothing passes, in milliseconds; 0 for no limit.
 * @throws {ProxyError} When the handshake fails.
 */
export async function upgradeResponse(
  request: Request,
  { tunnel: agreed }: Agreement,
  fields: readonly Field[],
  { upgrader }: Upgrade,
  pseudonym: string | undefined,
  idle: number,
): Promise<Response> {
  if (agreed instanceof Response) return nativeTunnel(agreed, fields);
  const tunnel = closedWhenIdle(agreed, idle);
  const close = (): void => void tunnel.readable.cancel().catch(() => {});
  try {
    if (upgrader.relays && !await agrees(request.headers, tunnel.fields)) {
      throw new Error("the upstream's handshake is wrong");
    }
    // A tunnel that no host has taken over is closed when the client disconnects.
    if (upgrader.signals) request.signal.addEventListener("abort", close, { once: true });
    const response = upgrader.upgrade({ ...tunnel, fields });
    // A copy of the response has no tunnel, so that it is a response of the proxy itself.
    if (response.status === 502) {
      const failed = { type: "http_upgrade_failed", receivedStatus: 101 } as const;
      response.headers.set("proxy-status", statusField(pseudonym, failed));
    }
    return response;
  } catch (cause) {
    close();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(new ProxyError("http_upgrade_failed", why, 101), { cause });
  }
}

/**
 * A tunnel that is closed on both sides when nothing passes for `limit` milliseconds, 0 for no
 * limit: neither side may ever notice that the other has vanished.
 */
export function closedWhenIdle(tunnel: Tunnel, limit: number): Tunnel {
  if (limit === 0) return tunnel;
  const idle = new AbortController();
  const { signal } = idle;
  let [moved, halves] = [performance.now(), 2];
  const check = (): void => {
    const left = moved + limit - performance.now();
    // Setting the timer again at the end costs less than setting it for each chunk.
    if (left > 0) timer = setTimeout(check, left);
    else idle.abort(new Error(`nothing passed the tunnel for ${limit} ms (option timeout.tunnel)`));
  };
  let timer = setTimeout(check, limit);
  const stop = (): void => clearTimeout(timer);
  const endHalf = (): void => {
    if (--halves === 0) stop();
  };
  const touch = (): void => void (moved = performance.now());

  const readable = watchBody(tunnel.readable, {
    signal,
    read: (reader) => reader.read().finally(touch),
    onEnd: (end) => end === "ended" ? endHalf() : stop(),
  });
  const writer = tunnel.writable.getWriter();
  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      const fail = (why: unknown): void => controller.error(why);
      signal.addEventListener("abort", () => {
        fail(signal.reason);
        writer.abort(signal.reason).catch(() => {});
      });
      writer.closed.catch(fail).finally(endHalf);
    },
    async write(chunk) {
      touch();
      await writer.write(chunk);
      touch();
    },
    close: () => writer.close(),
    abort(reason) {
      stop();
      return writer.abort(reason);
    },
  });
  return { ...tunnel, readable, writable };
}
