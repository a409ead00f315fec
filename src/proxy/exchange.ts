/**
 * One exchange with an upstream: its limits of time, and how it is broken off.
 *
 * @module
 */
import {
  disconnectReasonOf,
  isDisconnected,
  offDisconnect,
  onDisconnect,
} from "../host/host_request.ts";
import { ProxyError } from "./errors.ts";
import type { ProxySettings } from "./proxy_options.ts";
import type { Awaited } from "./upload.ts";
import type { Attempt } from "./types.ts";

type Timer = ReturnType<typeof setTimeout> | undefined;

/** Counts the time of an exchange from when it is made. */
export class Exchange {
  readonly #own = new AbortController();
  readonly #request: Request;
  readonly #limit: number;
  #headers: Timer;
  #total: Timer;
  /** When content of the request last moved, and who is waited for since. */
  #moved: number | undefined;
  #awaited: Awaited = "nobody";
  #reject: (reason: unknown) => void = () => {};

  constructor(request: Request, { timeouts: { headers, total } }: ProxySettings) {
    this.#request = request;
    this.#limit = headers;
    if (headers > 0) this.#headers = setTimeout(this.#late, headers);
    if (total > 0) {
      const why = `no whole response within ${total} ms (option timeouts.total)`;
      const late = (): void => this.abort(new ProxyError("http_response_timeout", why));
      this.#total = setTimeout(late, total);
    }
    if (isDisconnected(request)) this.#leave();
    else onDisconnect(request, this.#leave);
  }

  /** Aborted when the client leaves, and when the exchange is broken off. */
  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /** Breaks the exchange off. */
  abort(reason: unknown): void {
    this.end();
    this.#own.abort(reason);
    this.#reject(reason);
  }

  /** Content of the request has moved: the time for the response begins anew. */
  readonly moved = (awaited: Awaited): void => {
    [this.#moved, this.#awaited] = [performance.now(), awaited];
  };

  readonly #late = (): void => {
    const limit = this.#limit;
    const left = this.#moved === undefined ? 0 : this.#moved + limit - performance.now();
    // Setting a timer for each chunk would cost more than looking now and then.
    if (left > 0) this.#headers = setTimeout(this.#late, left);
    else this.abort(lateness(this.#awaited, limit));
  };

  /** The answer has begun. */
  begin(): void {
    clearTimeout(this.#headers);
  }

  /** Nothing more is to be watched. */
  end(): void {
    clearTimeout(this.#headers);
    clearTimeout(this.#total);
    offDisconnect(this.#request, this.#leave);
  }

  /** What was sent for, or why the exchange was broken off, should the sender not notice. */
  race(sent: Promise<Attempt>): Promise<Attempt> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      // Not a function that holds on to `sent`: each would be kept in memory until the next full
      // collection, with all that the request was made of.
      this.#reject = reject;
      if (signal.aborted) reject(signal.reason as Error);
      sent.then(resolve, reject);
    });
  }

  readonly #leave = (): void => this.abort(disconnectReasonOf(this.#request));
}

function lateness(awaited: Awaited, limit: number): ProxyError {
  const within = `${limit} ms (option timeout)`;
  if (awaited === "client") {
    // RFC 9110 §15.5.9
    return new ProxyError(
      "http_request_error",
      `the client sent no content for ${within}`,
      undefined,
      408,
    );
  }
  return awaited === "upstream"
    ? new ProxyError("connection_write_timeout", `the upstream took no content for ${within}`)
    : new ProxyError("http_response_timeout", `no response within ${within}`);
}
