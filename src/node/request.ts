/**
 * The request for a message that `node:http` received. Our own handlers get one that reads the
 * message where it lies; everybody else gets the native `Request` that it makes.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { HostRequest } from "../http/received.ts";
import type { Target } from "../http/target.ts";
import { lazyHeaders, type ReceivedHeaders } from "./lazy_headers.ts";

type Content = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Where the answers to native requests go. */
const sinks = new WeakMap<Request, ServerResponse>();

/** Where the answer to a native request goes, if it came from this host. */
export function sinkOf(request: Request): ServerResponse | undefined {
  return sinks.get(request);
}

/** What our own handlers ask of a request, and how to make the native one. */
export class LazyRequest extends HostRequest {
  /** The method. */
  readonly method: string;
  /** The target URI. */
  readonly target: Target;
  /** The fields. */
  readonly headers: ReceivedHeaders;
  /** Why the client is gone, if it is. */
  gone: Error | undefined;
  readonly #sink: ServerResponse;
  readonly #open: (() => Content) | undefined;
  #body: Content | null | undefined;
  #controller: AbortController | undefined;
  #native: Request | undefined;

  /**
   * Keeps what the request is made of.
   *
   * @param open Opens the content, where there is some.
   */
  constructor(
    method: string,
    target: Target,
    fields: readonly string[],
    sink: ServerResponse,
    open: (() => Content) | undefined,
  ) {
    super();
    [this.method, this.target, this.headers] = [method, target, lazyHeaders(fields)];
    [this.#sink, this.#open] = [sink, open];
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
    this.#controller ??= new AbortController();
    if (this.gone) this.#controller.abort(this.gone);
    return this.#controller.signal;
  }

  /** The client has left before it was answered. */
  leave(): void {
    this.gone = new Error("the client closed the connection");
    this.#controller?.abort(this.gone);
  }

  /** The native request, or another one for a URL. */
  native(url?: string): Request {
    if (url === undefined) {
      if (this.#native) return this.#native;
      this.#native = this.#make(this.url);
      sinks.set(this.#native, this.#sink);
      return this.#native;
    }
    // Content belongs to one request alone.
    return this.#open ? new Request(url, this.native()) : this.#make(url);
  }

  #make(url: string): Request {
    const { method, signal, body } = this;
    const init: RequestInit & { duplex?: "half" } = { method, signal };
    if (body) [init.body, init.duplex] = [body, "half"];
    const request = new Request(url, init);
    // Given to the constructor, they would be copied and checked once more.
    this.headers.copy(request.headers);
    return request;
  }
}
Object.setPrototypeOf(HostRequest.prototype, Request.prototype);
