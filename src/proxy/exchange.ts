/**
 * One exchange with an upstream: its limits of time, and how it is broken off.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import { Failure } from "./failure.ts";
import type { Attempt } from "./forward.ts";
import type { Settings } from "./options.ts";

/** Counts the time of an exchange from when it is made. */
export class Exchange {
  /** Aborted when the client leaves, and when the exchange is broken off. */
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #clock: Clock;
  readonly #headers: unknown;
  readonly #total: unknown;

  constructor(client: AbortSignal, { timeouts: { headers, total } }: Settings, clock: Clock) {
    // Not a listener: the signal of the client may outlive many requests.
    this.signal = AbortSignal.any([client, this.#own.signal]);
    this.#clock = clock;
    if (headers > 0) {
      const late = new Failure("http_response_timeout", `no answer within ${headers} ms`);
      this.#headers = clock.setTimeout(() => this.abort(late), headers);
    }
    if (total > 0) {
      const late = new Failure("http_response_timeout", `no whole answer within ${total} ms`);
      this.#total = clock.setTimeout(() => this.abort(late), total);
    }
  }

  /** Breaks the exchange off. */
  abort(reason: unknown): void {
    this.end();
    this.#own.abort(reason);
  }

  /** The answer has begun. */
  begin(): void {
    this.#clock.clearTimeout(this.#headers);
  }

  /** Nothing more is to come. */
  end(): void {
    this.#clock.clearTimeout(this.#headers);
    this.#clock.clearTimeout(this.#total);
  }

  /** What was sent for, or why the exchange was broken off, should the sender not notice. */
  async race(sent: Promise<Attempt>): Promise<Attempt> {
    const { signal } = this;
    let abort = (): void => {};
    const broken = new Promise<never>((_, reject) => {
      abort = () => reject(signal.reason as Error);
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
    });
    try {
      return await Promise.race([sent, broken]);
    } catch (error) {
      void sent.then(({ incoming }) => discard(incoming.body), () => {});
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

/** Lets go of content that nobody reads. */
export function discard(body: ReadableStream | null): void {
  void body?.cancel().catch(() => {});
}
