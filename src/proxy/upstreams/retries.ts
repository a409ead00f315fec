/**
 * Retries: whether and when a failed request is sent again.
 *
 * @module
 */
import { duration, number, type Options, readOptions, statuses, whole } from "../../config.ts";
import { isIdempotent } from "../../http/methods.ts";
import { parseRetryAfter } from "../../http/date.ts";

/** A request that failed. */
export interface FailedAttempt {
  /** The method. */
  readonly method: string;
  /** How often the request was sent so far. */
  readonly attempts: number;
  /** The status of the response; `undefined` without a response. */
  readonly status: number | undefined;
  /** The `Retry-After` header of the response. */
  readonly retryAfter: string | undefined;
  /** Whether it is certain that the upstream received nothing of the request. */
  readonly unsent: boolean;
  /** Whether there is an available upstream that the request was not sent to yet. */
  readonly untried: boolean;
  /** The time until the request times out, in milliseconds. */
  readonly timeLeft: number;
}

/** Decides whether requests are sent again. */
export interface Retry {
  /** Called for each request, before it is sent for the first time. */
  begin(): void;
  /**
   * Called for each failed attempt whose request body, if there is one, can be sent again.
   *
   * @returns How long to wait before the next attempt, in milliseconds; `undefined` for no further
   * attempt.
   */
  wait(failure: FailedAttempt): number | undefined;
}

/** Options of {@linkcode retries}. */
export interface RetriesOptions {
  /**
   * How often a request is sent at most, the first time included.
   *
   * @default 2
   */
  readonly attempts?: number;
  /**
   * Statuses after which a request is sent again, such as 502, 503 and 504.
   *
   * @default []
   */
  readonly statuses?: readonly number[];
  /**
   * The number of retries per request in the long run. It protects upstreams in trouble from many
   * more requests than usual.
   *
   * @default 0.1
   */
  readonly budget?: number;
  /**
   * How many unused retries of the budget are saved for a burst of failures.
   *
   * @default 10
   */
  readonly burst?: number;
  /**
   * How long to wait at most for an upstream that sends `Retry-After`, if there is no other, in
   * milliseconds.
   *
   * @default 0
   */
  readonly maxWait?: number;
  /**
   * How long to wait before the first retry, in milliseconds. Doubles with each further retry, up to
   * 30 seconds. A random part of up to a half is subtracted, so that retries do not come in waves.
   *
   * @default 0
   */
  readonly backoff?: number;
}

const OPTIONS = {
  attempts: [whole(1, 100), 2],
  statuses: [statuses, []],
  budget: [number(0, 100), 0.1],
  burst: [number(1), 10],
  maxWait: [duration(), 0],
  backoff: [duration(), 0],
} satisfies Options<RetriesOptions>;

/** The longest pause that `backoff` leads to, in milliseconds. */
const LONGEST_BACKOFF = 30_000;

/**
 * Sends requests without a response again, to another upstream if there is one. Requests with an
 * idempotent method (RFC 9110 §9.2.2) are sent again after any failure; other requests only if the
 * connection was refused or not made in time, so that the upstream received nothing. Up to 256 KiB of
 * the request body are kept for this; once more than that was sent, the request is not sent again. No
 * request is sent again after its response was passed on.
 *
 * A target with one upstream sends the request to the same upstream again. Use a `backoff` then: an
 * upstream that has just failed is likely to fail again at once.
 *
 * `Retry-After` applies to the upstream that sent it: another upstream gets the request at once.
 *
 * @param options See {@linkcode RetriesOptions}.
 * @returns A value for the option `retry`. Targets that share it have one budget together.
 * @throws {TypeError} When an option is out of bounds.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { retries } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": {
 *     target: ["http://10.0.0.1/", "http://10.0.0.2/"],
 *     retry: retries({ attempts: 2, statuses: [502, 503] }),
 *   },
 * })(notFound);
 * ```
 */
export function retries(options: RetriesOptions = {}): Retry {
  const { attempts, statuses, budget, burst, maxWait, backoff } = readOptions(
    "retries",
    options,
    OPTIONS,
  );
  let saved = burst;
  const pauseAfter = (times: number): number =>
    backoff && Math.min(backoff * 2 ** (times - 1), LONGEST_BACKOFF) * (1 - Math.random() / 2);
  return {
    begin: () => void (saved = Math.min(saved + budget, burst)),
    wait(failure) {
      const { method, status, retryAfter = "", unsent, untried, timeLeft } = failure;
      if (!unsent && !isIdempotent(method)) return undefined;
      if (status !== undefined && !statuses.includes(status)) return undefined;
      if (failure.attempts >= attempts || saved < 1) return undefined;
      const asked = untried ? 0 : parseRetryAfter(retryAfter, Date.now()) ?? 0;
      const wait = Math.max(asked, pauseAfter(failure.attempts));
      if (asked > maxWait || wait >= timeLeft) return undefined;
      saved--;
      return wait;
    },
  };
}
