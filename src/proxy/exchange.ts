/**
 * One exchange with an upstream: its time limits, and its abort.
 *
 * @module
 */
import {
  disconnectReasonOf,
  isDisconnected,
  offDisconnect,
  onDisconnect,
} from "../host/host_request.ts";
import { watchBody } from "../host/watch_body.ts";
import { ProxyError } from "./errors.ts";
import type { Timeouts } from "./proxy_options.ts";
import type { Awaited, UploadMonitor } from "./upload.ts";

/** Measures an exchange from its construction on. */
export class Exchange implements UploadMonitor {
  readonly #controller = new AbortController();
  readonly #request: Request;
  readonly #limits: Required<Timeouts>;
  #headersTimer: ReturnType<typeof setTimeout> | undefined;
  #totalTimer: ReturnType<typeof setTimeout> | undefined;
  /** When request content last moved, by `performance.now`. */
  #moved: number | undefined;
  #awaited: Awaited = "neither";
  #reject: (reason: unknown) => void = () => {};

  constructor(request: Request, limits: Required<Timeouts>) {
    this.#request = request;
    this.#limits = limits;
    const { headers, total } = limits;
    if (headers > 0) this.#headersTimer = setTimeout(this.#checkHeaders, headers);
    if (total > 0) {
      const why = `no complete response within ${total} ms (option timeout.total)`;
      const abort = (): void => this.abort(new ProxyError("http_response_timeout", why));
      this.#totalTimer = setTimeout(abort, total);
    }
    if (isDisconnected(request)) this.#disconnect();
    else onDisconnect(request, this.#disconnect);
  }

  /** Aborts with the exchange, and when the client disconnects. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.end();
    this.#controller.abort(reason);
    this.#reject(reason);
  }

  moved(awaited: Awaited): void {
    this.#moved = performance.now();
    this.#awaited = awaited;
  }

  /** The response has begun. */
  begin(): void {
    clearTimeout(this.#headersTimer);
  }

  /** The exchange is complete, or nothing in it needs a limit any more. */
  end(): void {
    clearTimeout(this.#headersTimer);
    clearTimeout(this.#totalTimer);
    offDisconnect(this.#request, this.#disconnect);
  }

  /** The promise, or the reason of the abort, since a transport may ignore the signal. */
  race<T>(sent: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      // Not a function that refers to `sent`: it would keep the whole request in memory until the
      // next full garbage collection.
      this.#reject = reject;
      if (signal.aborted) reject(signal.reason as Error);
      sent.then(resolve, reject);
    });
  }

  /**
   * The body of the response, within the limits of the exchange. It fails rather than ending with
   * another number of bytes than `length`.
   *
   * @param idle How long the upstream may pause, in milliseconds; 0 for no limit.
   * @param onCut Called with the error when the body fails.
   */
  watch(
    body: ReadableStream<Uint8Array>,
    length: number | undefined,
    idle: number,
    onCut: (error: unknown) => void,
  ): ReadableStream<Uint8Array> {
    let count = 0;
    const abort = (): void => {
      const why = `no content for ${idle} ms (option timeout.idle)`;
      this.abort(new ProxyError("connection_read_timeout", why));
    };
    return watchBody(body, {
      length,
      signal: this.signal,
      read: async (reader) => {
        // Only the upstream is waited for: a slow client does not call this.
        const timer = idle === 0 ? undefined : setTimeout(abort, idle);
        try {
          const result = await reader.read();
          count += result.value?.byteLength ?? 0;
          if (length !== undefined && (count > length || (result.done && count < length))) {
            const why = `the content has ${count} bytes, its Content-Length is ${length}`;
            throw new ProxyError("http_response_incomplete", why);
          }
          return result;
        } finally {
          clearTimeout(timer);
        }
      },
      onEnd: (end, error) => {
        if (end !== "failed") return this.end();
        onCut(error);
        this.abort(error);
      },
    });
  }

  readonly #checkHeaders = (): void => {
    const limit = this.#limits.headers;
    const left = this.#moved === undefined ? 0 : this.#moved + limit - performance.now();
    // Setting the timer again at the end costs less than setting it for each chunk.
    if (left > 0) this.#headersTimer = setTimeout(this.#checkHeaders, left);
    else this.abort(headersTimeout(this.#awaited, limit));
  };

  readonly #disconnect = (): void => this.abort(disconnectReasonOf(this.#request));
}

function headersTimeout(awaited: Awaited, limit: number): ProxyError {
  const within = `${limit} ms (option timeout)`;
  if (awaited === "client") {
    const why = `the client sent no content for ${within}`;
    return new ProxyError("http_request_error", why, undefined, 408); // RFC 9110 §15.5.9
  }
  return awaited === "upstream"
    ? new ProxyError("connection_write_timeout", `the upstream took no content for ${within}`)
    : new ProxyError("http_response_timeout", `no response within ${within}`);
}
