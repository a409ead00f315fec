/**
 * The request of a message that `node:http` received. Our own handlers read it directly; other code
 * gets the native `Request` that it creates.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { HostRequest, linkNative } from "../host/host_request.ts";
import { appendHeaders } from "../host/make_response.ts";
import type { PushBody, ResponseBody, ResponseHead } from "../host/types.ts";
import type { RawHeaders } from "../http/fields.ts";
import type { RequestTarget } from "../http/request_target.ts";
import { cutConnection, peerAddress } from "./connection.ts";
import { lazyHeaders, standInFor } from "./lazy_headers.ts";
import { createNativeRequest } from "./native_request.ts";
import { NodeResponse } from "./node_response.ts";
import { rejectRequest } from "./reject.ts";
import { requestBody } from "./request_body.ts";
import type { UpgradeRequest } from "./upgrade_listener.ts";

type Body = ReadableStream<Uint8Array<ArrayBuffer>>;

/** A request on Node. */
export class NodeRequest extends HostRequest {
  readonly method: string;
  readonly target: RequestTarget;
  readonly fields: RawHeaders;
  readonly headers: Headers;
  readonly sink: ServerResponse;
  readonly upgrade: UpgradeRequest | undefined;
  readonly maxBodySize: number;
  /** The peer address, read now: a closed HTTP/2 stream has none. */
  readonly address: string | undefined;
  disconnectReason: Error | undefined;
  /** Whether the response is an error that no handler made. */
  rejected = false;
  #body: Body | null | undefined;
  #controller: AbortController | undefined;
  #listeners: Set<() => void> | undefined;
  #watched = false;
  #native: Request | undefined;
  #disconnectError: Error | undefined;

  /** @param maxBodySize The largest body, in bytes; `undefined` for a request without body. */
  constructor(
    sink: ServerResponse,
    method: string,
    target: RequestTarget,
    fields: RawHeaders,
    maxBodySize: number | undefined,
    upgrade: UpgradeRequest | undefined,
  ) {
    super();
    [this.sink, this.method, this.target, this.fields] = [sink, method, target, fields];
    this.headers = lazyHeaders(fields);
    this.address = peerAddress(sink.req.socket);
    this.upgrade = upgrade;
    this.maxBodySize = maxBodySize ?? 0;
    if (maxBodySize === undefined) this.#body = null;
  }
  static {
    // The members of `Request` that this class does not define come from the native request.
    standInFor(HostRequest.prototype, () => Request.prototype, (request) => request.native());
  }

  get url(): string {
    const { origin, path, query } = this.target;
    return origin + path + query;
  }
  get body(): Body | null {
    return this.#body === undefined ? this.#body = requestBody(this) : this.#body;
  }
  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? this.#body?.locked ?? false;
  }
  get signal(): AbortSignal {
    this.watch();
    this.#controller ??= new AbortController();
    if (this.disconnectReason) this.#controller.abort(this.disconnectReason);
    return this.#controller.signal;
  }

  /** Watches for a client disconnect before the end of the response. */
  watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    const { sink } = this;
    sink.once("close", () => {
      // Node itself ends an HTTP/2 stream that the client resets, so both are needed.
      if (!sink.writableEnded || !sink.writableFinished) this.disconnect(this.disconnectError());
    });
  }
  /** Notes that the client no longer waits for the response. */
  disconnect(reason: Error): void {
    if (this.disconnectReason) return;
    this.disconnectReason = reason;
    this.#controller?.abort(reason);
    for (const callback of this.#listeners ?? []) callback();
  }
  /** The error of a client disconnect: the same for the signal and the body. */
  disconnectError(): Error {
    return this.#disconnectError ??= new DOMException(
      "the client closed the connection",
      "AbortError",
    );
  }
  onDisconnect(callback: () => void): void {
    this.watch();
    (this.#listeners ??= new Set()).add(callback);
  }
  offDisconnect(callback: () => void): void {
    this.#listeners?.delete(callback);
  }

  /** Rejects a request whose body is too large. For the handler, the client has disconnected. */
  exceed(error: Error): void {
    const { sink } = this;
    this.disconnect(error);
    if (sink.headersSent) return cutConnection(sink);
    this.rejected = true;
    rejectRequest(sink.req, sink, 413);
  }

  get upgradable(): boolean {
    return this.upgrade?.openTunnel !== undefined;
  }

  /** Some clients of HTTP/1.1 take a 103 for the final response (RFC 8297 §3); browsers do not. */
  get supportsEarlyHints(): boolean {
    return this.sink.req.httpVersionMajor === 2 || this.headers.has("sec-fetch-mode");
  }
  sendEarlyHints(links: readonly string[]): void {
    try {
      this.writeEarlyHints(links);
    } catch { /* Hints of an upstream may be malformed; the response does not need them. */ }
  }
  /** @throws {TypeError} When a link is malformed. */
  writeEarlyHints(links: readonly string[]): void {
    const { sink } = this;
    // RFC 9110 §15.2: no 1xx to a client of HTTP/1.0.
    if (links.length === 0 || sink.headersSent || sink.destroyed) return;
    if (sink.req.httpVersion !== "1.0") sink.writeEarlyHints({ link: [...links] });
  }

  respond(body: ResponseBody | PushBody, head: ResponseHead): Response {
    return new NodeResponse(body, head) as unknown as Response;
  }

  native(url?: string): Request {
    // With a body it is created first: from a body that was read, it could not be.
    if (url === undefined || this.#body !== null) {
      this.#native ??= linkNative(this.#create(this.url), this);
    }
    return url === undefined ? this.#native as Request : this.#create(url);
  }

  #create(url: string): Request {
    // A native GET request cannot have a body; only our own handlers see it.
    const body = this.method === "GET" ? null : this.body;
    const request = createNativeRequest(url, this.method, body, this);
    // The constructor would copy and validate them once more.
    appendHeaders(request.headers, this.fields);
    return request;
  }
}
