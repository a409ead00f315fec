/**
 * The request for a message that `node:http` received. Our own handlers get one that reads the
 * message where it lies; everybody else gets the native `Request` that it makes.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { PushBody, ResponseBody, ResponseHead } from "../host/types.ts";
import { HostRequest, hostRequestOf, linkNative } from "../host/host_request.ts";
import type { RequestTarget } from "../http/request_target.ts";
import { takePart } from "../static/sources/file_content.ts";
import { fileFlow } from "./file_flow.ts";
import { takesEarlyHints, writeEarlyHints } from "./informational.ts";
import { clientLeft } from "./left.ts";
import { lazyHeaders, type ReceivedHeaders } from "./lazy_headers.ts";
import { nodeResponse } from "./node_response.ts";
import { peerAddress } from "./peer.ts";
import { nativeOf } from "./native_request.ts";
import { tunnellerOf } from "./upgrade_listener.ts";

type Content = ReadableStream<Uint8Array<ArrayBuffer>>;

/** What our own handlers ask of a request, and how to make the native one. */
export class NodeRequest extends HostRequest {
  /** The method. */
  readonly method: string;
  /** The target URI. */
  readonly target: RequestTarget;
  /** The field lines. */
  readonly fields: readonly string[];
  /** The fields. */
  readonly headers: ReceivedHeaders;
  /** Why the client is gone, if it is. */
  disconnectReason: Error | undefined;
  /** Where the answer goes. */
  readonly sink: ServerResponse;
  /** The address at the other end of the connection; a stream of HTTP/2 that has ended has none. */
  readonly address: string | undefined;
  readonly #open: (() => Content) | undefined;
  #body: Content | null | undefined;
  #controller: AbortController | undefined;
  #leaving: Set<() => void> | undefined;
  #watched = false;
  #native: Request | undefined;

  /**
   * Keeps what the request is made of.
   *
   * @param open Opens the content, where there is some.
   */
  constructor(
    method: string,
    target: RequestTarget,
    fields: readonly string[],
    sink: ServerResponse,
    open: (() => Content) | undefined,
  ) {
    super();
    [this.method, this.target, this.fields] = [method, target, fields];
    this.headers = lazyHeaders(fields);
    [this.sink, this.#open] = [sink, open];
    this.address = peerAddress(sink.req.socket);
  }

  /** The URL. */
  get url(): string {
    const { origin, path, query } = this.target;
    return origin + path + query;
  }
  /** The content, opened when it is first asked for. */
  get body(): Content | null {
    if (this.#body === undefined) this.#body = this.#open?.() ?? null;
    return this.#body;
  }
  /** Whether somebody has begun to read the content. */
  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? this.#body?.locked ?? false;
  }
  /** Is aborted when the client leaves. */
  get signal(): AbortSignal {
    this.watch();
    this.#controller ??= new AbortController();
    if (this.disconnectReason) this.#controller.abort(this.disconnectReason);
    return this.#controller.signal;
  }

  /** Notices from now on that the client leaves before it is answered. */
  watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    const { sink } = this;
    sink.once("close", () => {
      // Of a stream of HTTP/2 that the client resets, Node itself writes the end.
      if (!sink.writableEnded || !sink.writableFinished) this.leave(clientLeft(sink.req));
    });
  }

  /** Notes that nobody waits for the answer any more. */
  leave(reason: Error): void {
    if (this.disconnectReason) return;
    this.disconnectReason = reason;
    this.#controller?.abort(this.disconnectReason);
    for (const callback of this.#leaving ?? []) callback();
  }
  /** Calls back when the client leaves. */
  onDisconnect(callback: () => void): void {
    this.watch();
    (this.#leaving ??= new Set()).add(callback);
  }
  /** Forgets what `onDisconnect` was given. */
  offDisconnect(callback: () => void): void {
    this.#leaving?.delete(callback);
  }

  /** Whether the connection can become a tunnel. */
  get upgradable(): boolean {
    return tunnellerOf(this.sink) !== undefined;
  }

  /** Whether the client is known to understand `103 Early Hints`. */
  get supportsEarlyHints(): boolean {
    return takesEarlyHints(this.sink, this.headers.has("sec-fetch-mode"));
  }
  /** Sends `103 Early Hints`; links that Node refuses are left out. */
  sendEarlyHints(links: readonly string[]): void {
    try {
      writeEarlyHints(this.sink, links);
    } catch { /* The response has all that matters. */ }
  }

  /** A response that is written as it is. */
  respond(body: ResponseBody | PushBody, head: ResponseHead): Response {
    const part = body instanceof ReadableStream ? takePart(body) : undefined;
    return nodeResponse(part ? fileFlow(part, "stream" in this.sink) : body, head);
  }

  /** The native request, or another one for a URL. */
  native(url?: string): Request {
    // Of content that was read, there could be none any more.
    if (url === undefined || this.#open) this.#native ??= linkNative(this.#make(this.url), this);
    return url === undefined ? this.#native as Request : this.#make(url);
  }

  #make(url: string): Request {
    // Of GET, `Request` allows no content; only our own handlers see it.
    const body = this.method === "GET" ? null : this.body;
    const request = nativeOf(url, this.method, body, this);
    // Given to the constructor, they would be copied and checked once more.
    this.headers.copy(request.headers);
    return request;
  }
}
Object.setPrototypeOf(HostRequest.prototype, standIn());

/** Where the answer to a request goes, if it came from this host. */
export function sinkOf(request: Request): ServerResponse | undefined {
  const received = hostRequestOf(request);
  return received instanceof NodeRequest ? received.sink : undefined;
}

/** Has all members of a `Request`; what is not read from the message, the native one does. */
function standIn(): object {
  const all = Object.create(Request.prototype) as object;
  for (const name of Object.getOwnPropertyNames(Request.prototype)) {
    if (name === "constructor") continue;
    Object.defineProperty(all, name, {
      get(this: HostRequest): unknown {
        const native = this.native();
        const value: unknown = Reflect.get(native, name);
        return typeof value === "function" ? value.bind(native) : value;
      },
    });
  }
  return all;
}
