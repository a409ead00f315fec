/**
 * Limits on the requests that are in flight, for each upstream and for a whole target.
 *
 * @module
 */
import { duration, LONGEST, type Options, readOptions, whole } from "../../config.ts";
import { ProxyError } from "../errors.ts";
import type { Health } from "./types.ts";

/**
 * Limits how many requests each upstream has in flight. Requests are answered with 503 while all
 * upstreams have that many. For a queue, or one limit for all upstreams, use {@linkcode concurrency}.
 *
 * @param requests The number of requests that an upstream may have in flight.
 * @returns A value for the option `health`. Targets that share it are limited separately.
 * @throws {TypeError} When the number is out of bounds.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { capacity, passiveHealth } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": { target: ["http://10.0.0.1/", "http://10.0.0.2/"], health: [capacity(50), passiveHealth()] },
 * })(notFound);
 * ```
 */
export function capacity(requests: number): Health {
  whole(1)(requests, "capacity: the number of requests");
  return {
    strict: true,
    isAvailable: ({ inFlight }) => inFlight < requests,
    track: () => () => {},
  };
}

/** Admits requests. */
export interface Limit {
  /**
   * Admits a request, at once or later, or rejects. When it rejects with an `Error` whose `type` is
   * `"connection_limit_reached"`, the response is a 503; a property `retryAfter` of the error becomes
   * `Retry-After`, in seconds.
   *
   * @param signal Aborts when the client disconnects or the request times out.
   * @returns A function to call after the end of the response. Further calls have no effect.
   */
  enter(signal: AbortSignal): (() => void) | Promise<() => void>;
}

/** Options of {@linkcode concurrency}. */
export interface ConcurrencyOptions {
  /**
   * How many requests may wait.
   *
   * @default 0
   */
  readonly queue?: number;
  /**
   * How long a request may wait, in milliseconds.
   *
   * @default 1000
   */
  readonly queueTimeout?: number;
  /**
   * The value of `Retry-After` in responses with 503, in seconds.
   *
   * @default 1
   */
  readonly retryAfter?: number;
}

const OPTIONS = {
  queue: [whole(0), 0],
  queueTimeout: [duration(1), 1000],
  retryAfter: [whole(0, LONGEST, "whole seconds, a number"), 1],
} satisfies Options<ConcurrencyOptions>;

/**
 * Limits how many requests are in flight, until the ends of their responses. Further requests wait in
 * a queue, in order of arrival. When the queue is full, or a request has waited too long, the response
 * is a 503 with `Retry-After`.
 *
 * @param requests The number of requests that may be in flight.
 * @param options See {@linkcode ConcurrencyOptions}.
 * @returns A value for the option `limit`. Targets that share it have one limit together.
 * @throws {TypeError} When an option is out of bounds.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { concurrency } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": { target: "http://10.0.0.1/", limit: concurrency(100, { queue: 50 }) },
 * })(notFound);
 * ```
 */
export function concurrency(requests: number, options: ConcurrencyOptions = {}): Limit {
  whole(1)(requests, "concurrency: the number of requests");
  const { queue, queueTimeout, retryAfter } = readOptions("concurrency", options, OPTIONS);
  const waiting = new Set<() => void>();
  let free = requests;

  const refusal = (why: string): Error => {
    const error = new ProxyError(
      "connection_limit_reached",
      `concurrency: ${requests} requests in flight, ${why}`,
    );
    return Object.assign(error, { retryAfter });
  };
  const admit = (): () => void => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const [next] = waiting;
      if (next) next();
      else free++;
    };
  };
  const wait = (signal: AbortSignal): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(enter);
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
      };
      const enter = (): void => {
        leave();
        resolve(admit());
      };
      const refuse = (reason: Error): void => {
        leave();
        reject(reason);
      };
      const abort = (): void => refuse(signal.reason as Error);
      const late = (): void => refuse(refusal(`none ended within ${queueTimeout} ms`));
      const timer = setTimeout(late, queueTimeout);
      signal.addEventListener("abort", abort);
      waiting.add(enter);
    });

  return {
    enter(signal) {
      if (free > 0) {
        free--;
        return admit();
      }
      if (waiting.size >= queue) {
        return Promise.reject(refusal(`and the queue of ${queue} is full`));
      }
      return signal.aborted ? Promise.reject(signal.reason as Error) : wait(signal);
    },
  };
}
