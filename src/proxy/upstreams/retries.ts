/**
 * Requests that are sent again.
 *
 * @module
 */
import { isIdempotent } from "../../http/methods.ts";
import { parseRetryAfter } from "../../http/date.ts";
import { checkOptions, type Checks, duration, number, statuses, whole } from "../../config.ts";

/** A request that failed, and may be sent again. */
export interface FailedAttempt {
  /** The method. */
  readonly method: string;
  /** How often it was sent already. */
  readonly times: number;
  /** The status of the response; `undefined` when there was none. */
  readonly status: number | undefined;
  /** The `Retry-After` field of the response. */
  readonly retryAfter: string | undefined;
  /** Whether nothing of the request can have reached the upstream. */
  readonly unsent: boolean;
  /** Whether there is an upstream that it was not sent to yet. */
  readonly another: boolean;
  /** How long anybody will wait for the response, in milliseconds. */
  readonly left: number;
}

/** Decides whether requests are sent again. */
export interface Retry {
  /** Is told of every request before it is sent for the first time. */
  begin(): void;
  /**
   * Decides about a request whose content, if it has any, is untouched.
   *
   * @returns How long to wait before it is sent again, in milliseconds, or `undefined` for never.
   */
  wait(failure: FailedAttempt): number | undefined;
}

/** Options of {@linkcode retries}. */
export interface RetriesOptions {
  /** How often a request is sent at most, the first time included. Default 2. */
  readonly attempts?: number;
  /** Statuses after which a request is sent again, such as 502, 503 and 504. Default none. */
  readonly statuses?: readonly number[];
  /**
   * How many retries there may be in the long run for each request, so that upstreams in trouble
   * are not asked many times more than otherwise. Default 0.1.
   */
  readonly budget?: number;
  /** How many retries may be saved for bad times. Default 10. */
  readonly reserve?: number;
  /**
   * How long to wait at most for an upstream that says when it is to be asked again, when there is
   * no other, in milliseconds. Default 0.
   */
  readonly maxWait?: number;
  /**
   * How long to wait before the first retry, in milliseconds. Doubles with each further retry, up to
   * 30 seconds; a random part of up to a half is taken off, so that retries do not come in waves.
   * @default 0
   */
  readonly backoff?: number;
}

const OPTIONS: Checks<RetriesOptions> = {
  attempts: whole(1, 100),
  statuses,
  budget: number(0, 100),
  reserve: number(1),
  maxWait: duration(),
  backoff: duration(),
};
/** The longest time between two attempts that `backoff` leads to, in milliseconds. */
const LONGEST_BACKOFF = 30_000;

/**
 * Sends requests again that got no response, to another upstream if there is one: those whose method
 * is idempotent (RFC 9110 §9.2.2), and others when the connection was refused or not made in time, so
 * that nothing can have been sent. The first 256 KiB of content are kept for this; a request of whose
 * content more was sent is not repeated. No request is repeated after a response was passed on.
 *
 * A target with one upstream sends the same request to the same upstream again. Give such a target a
 * `backoff`: an upstream that has just failed is likely to fail again at once.
 *
 * `Retry-After` holds for the upstream that said it: another one is asked without it.
 *
 * @param options See {@linkcode RetriesOptions}.
 * @returns A value for the option `retry`. Targets that share it share its budget.
 * @throws {TypeError} When an option is out of its bounds.
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
  checkOptions("retries", options, OPTIONS);
  const { attempts = 2, statuses = [], budget = 0.1, reserve = 10 } = options;
  const { maxWait = 0, backoff = 0 } = options;
  let saved = reserve;
  /** How long to back off after so many attempts. */
  const pause = (times: number): number =>
    backoff === 0
      ? 0
      : Math.min(backoff * 2 ** (times - 1), LONGEST_BACKOFF) * (1 - Math.random() / 2);
  return {
    begin: () => void (saved = Math.min(saved + budget, reserve)),
    wait({ method, times, status, retryAfter = "", unsent, another, left }) {
      const repeatable = unsent || isIdempotent(method);
      if (!repeatable || times >= attempts || saved < 1) return undefined;
      if (status !== undefined && !statuses.includes(status)) return undefined;
      const asked = another ? 0 : parseRetryAfter(retryAfter, Date.now()) ?? 0;
      const wait = Math.max(asked, pause(times));
      if (asked > maxWait || wait >= left) return undefined;
      saved--;
      return wait;
    },
  };
}
