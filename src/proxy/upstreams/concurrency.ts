/**
 * So many requests at a time, and no more.
 *
 * @module
 */
import { checkOptions, type Checks, duration, LONGEST, whole } from "../../config.ts";
import { Unavailable } from "./types.ts";

/** Lets requests in. */
export interface Limit {
  /**
   * Asks for room for a request.
   *
   * @param signal Aborts when nobody waits for the request any more.
   * @returns What to call when its response has ended, at once or later; calling it again does
   * nothing. Rejects when there is no room: with an `Error` whose `type` is
   * `"connection_limit_reached"`, the client is answered with 503, and its `retryAfter` in seconds.
   */
  enter(signal: AbortSignal): (() => void) | Promise<() => void>;
}

/** Options of {@linkcode concurrency}. */
export interface ConcurrencyOptions {
  /** How many requests may wait for room. Default 0. */
  readonly queue?: number;
  /** How long a request may wait for room, in milliseconds. Default 1000. */
  readonly queueTimeout?: number;
  /** What `Retry-After` tells the clients that are refused, in seconds. Default 1. */
  readonly retryAfter?: number;
}

const OPTIONS: Checks<ConcurrencyOptions> = {
  queue: whole(0),
  queueTimeout: duration(1),
  retryAfter: whole(0, LONGEST, "whole seconds, a number"),
};

/** A place in the queue. */
interface Waiting {
  readonly enter: () => void;
}

/**
 * Limits how many requests are in flight at a time, until the ends of their responses. Others wait in
 * a queue, first come, first served; when it is full, or when they have waited too long, they are
 * refused with 503 and `Retry-After`.
 *
 * @param requests How many requests may be in flight.
 * @param options See {@linkcode ConcurrencyOptions}.
 * @returns A value for the option `limit`. Targets that share it share its room.
 * @throws {TypeError} When an option is out of its bounds.
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
  checkOptions("concurrency", options, OPTIONS);
  const { queue = 0, queueTimeout = 1000, retryAfter = 1 } = options;
  const waiting = new Set<Waiting>();
  let free = requests;

  const refusal = (why: string): Unavailable =>
    new Unavailable("connection_limit_reached", retryAfter, `${requests} in flight, ${why}`);
  const releaser = (): () => void => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const [next] = waiting;
      if (next) next.enter();
      else free++;
    };
  };
  const wait = (signal: AbortSignal): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(place);
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const place: Waiting = {
        enter() {
          leave();
          resolve(releaser());
        },
      };
      const timer = setTimeout(() => {
        leave();
        reject(refusal(`none ended within ${queueTimeout} ms`));
      }, queueTimeout);
      waiting.add(place);
      signal.addEventListener("abort", abort);
    });

  return {
    enter(signal) {
      if (free >= 1) {
        free--;
        return releaser();
      }
      if (waiting.size >= queue) return Promise.reject(refusal(`${queue} in the queue`));
      return signal.aborted ? Promise.reject(signal.reason as Error) : wait(signal);
    },
  };
}
