/**
 * Upgrades of a connection, as for WebSocket: the upstream is asked first.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { agreesTo, contentLength, upgradeProtocol } from "../http/upgrade.ts";
import { agrees } from "../transport/websocket/handshake.ts";
import { fetched } from "../transport/fetch_transport.ts";
import { nativeTunnel, type Upgrader } from "../transport/tunnel.ts";
import { upgraderOf } from "../platform/upgrader.ts";
import { ProxyError, statusField } from "./errors.ts";
import type {
  IncomingResponse,
  OutgoingRequest,
  Transport,
  Tunnel,
} from "../transport/transport.ts";

/** What a client wants its connection to become. */
export interface Upgrade {
  /** The protocol, in lower case. */
  readonly protocol: string;
  /** How the host does it. */
  readonly upgrader: Upgrader;
}

/** The agreement of an upstream. Cancelling its content closes the connection. */
export interface Agreement extends IncomingResponse {
  /** What it gave, or a response that the runtime makes a tunnel of. */
  readonly tunnel: Tunnel | Response;
}

/**
 * The upgrade that a request asks for, or `undefined` when it asks for none or for one that is to be
 * ignored (RFC 9110 §7.8): one that is not understood, or that the host or the transport cannot do.
 *
 * @param original The request as the host passed it.
 * @param args What it passed after the request.
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
 * Whether a request to upgrade has content that it must not have. It would be the first that an
 * upstream reads when it does not upgrade: a request of the client's making, past everything that
 * looks at requests.
 */
export function isSmuggling({ method, headers, body }: Request): boolean {
  const length = contentLength(method, headers);
  return length === undefined || (length === 0 && body !== null);
}

/** The request with the fields of the upgrade, which were taken off with the connection's. */
export function withUpgrade(
  outgoing: OutgoingRequest,
  { protocol, upgrader }: Upgrade,
): OutgoingRequest {
  // A relay sees messages, which must be as the client wrote them.
  const kept = outgoing.fields.filter(([name]) =>
    !(upgrader.relays && name === "sec-websocket-extensions")
  );
  const fields: readonly Field[] = [...kept, ["connection", "Upgrade"], ["upgrade", protocol]];
  return { ...outgoing, fields, upgrade: protocol };
}

/**
 * Asks an upstream to upgrade.
 *
 * @throws {ProxyError} When it agrees to something else.
 */
export async function sendUpgrade(
  transport: Transport,
  outgoing: OutgoingRequest,
): Promise<IncomingResponse> {
  const answer = await transport.upgrade?.(outgoing);
  if (!answer) throw new ProxyError("http_upgrade_failed", "the transport cannot upgrade");
  if (answer instanceof Response) return nativeAgreement(answer);
  if (!("readable" in answer)) return answer;
  const fields = [...answer.fields];
  if (!agreesTo(outgoing.upgrade ?? "", fields)) {
    await answer.readable.cancel();
    throw new ProxyError("http_upgrade_failed", "the upstream upgraded to another protocol", 101);
  }
  return { status: 101, reason: "", fields, body: answer.readable, tunnel: answer } as Agreement;
}

/** The agreement in a response that the runtime makes a tunnel of; or the response itself. */
export function nativeAgreement(
  response: Response,
  read: (response: Response) => IncomingResponse = fetched,
): IncomingResponse {
  if (response.status !== 101) return read(response);
  return { ...fetched(response), body: null, tunnel: response } as Agreement;
}

/** Whether an upstream has agreed. */
export function isAgreement(incoming: IncomingResponse): incoming is Agreement {
  return "tunnel" in incoming;
}

/**
 * The answer that makes a tunnel of the client's connection.
 *
 * @param fields The fields of the upstream's answer that go on.
 * @param name The name of the proxy, if it has one.
 * @param watch Takes a tunnel, and returns the one to make.
 * @throws {ProxyError} When the upstream or the host does not keep to the protocol.
 */
export async function answerUpgrade(
  request: Request,
  { tunnel: agreed }: Agreement,
  fields: readonly Field[],
  { upgrader }: Upgrade,
  name: string | undefined,
  watch: (tunnel: Tunnel) => Tunnel,
): Promise<Response> {
  if (agreed instanceof Response) return nativeTunnel(agreed, fields);
  const tunnel = watch(agreed);
  const close = (): void => void tunnel.readable.cancel().catch(() => {});
  try {
    if (upgrader.relays && !await agrees(request.headers, tunnel.fields)) {
      throw new Error("the upstream's handshake is wrong");
    }
    // What nobody has taken over is closed when the client leaves.
    if (upgrader.signals) request.signal.addEventListener("abort", close, { once: true });
    const response = upgrader.upgrade({ ...tunnel, fields });
    // Whoever copies it has no tunnel, but an answer of ours.
    if (response.status === 502) {
      const failed = { type: "http_upgrade_failed", receivedStatus: 101 } as const;
      response.headers.set("proxy-status", statusField(name, failed));
    }
    return response;
  } catch (cause) {
    close();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(new ProxyError("http_upgrade_failed", why, 101), { cause });
  }
}
