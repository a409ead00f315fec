/**
 * One exchange with an upstream: its limits of time, and how it is broken off.
 *
 * @module
 */
import { isGone, offLeave, onLeave, whyGone } from "../http/received.ts";
import type { Clock } from "./clock.ts";
import { Failure } from "./failure.ts";
import type { Attempt } from "./forward.ts";
import type { Settings } from "./options.ts";

/** Counts the time of an exchange from when it is made. */
export class Exchange {
  readonly #own = new AbortController();
  readonly #request: Request;
  readonly #clock: Clock;
  #headers: unknown;
  #total: unknown;
  #reject: (reason: unknown) => void = () => {};

  constructor(request: Request, { timeouts: { headers, total } }: Settings, clock: Clock) {
    this.#request = request;
    this.#clock = clock;
    const late = (what: string, limit: number) => (): void =>
      this.abort(new Failure("http_response_timeout", `no ${what} within ${limit} ms`));
    if (headers > 0) this.#headers = clock.setTimeout(late("answer", headers), headers);
    if (total > 0) this.#total = clock.setTimeout(late("whole answer", total), total);
    if (isGone(request)) this.#leave();
    else onLeave(request, this.#leave);
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

  /** The answer has begun. */
  begin(): void {
    this.#clock.clearTimeout(this.#headers);
  }

  /** Nothing more is to be watched. */
  end(): void {
    this.#clock.clearTimeout(this.#headers);
    this.#clock.clearTimeout(this.#total);
    offLeave(this.#request, this.#leave);
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

  readonly #leave = (): void => this.abort(whyGone(this.#request));
}

/** Lets go of content that nobody reads. */
export function discard(body: ReadableStream | null): void {
  void body?.cancel().catch(() => {});
}
