/**
 * So many requests at a time to each upstream.
 *
 * @module
 */
import { whole } from "../../config.ts";
import type { Health } from "./types.ts";

/**
 * Sends no upstream more requests than so many at a time, until the ends of their responses; where
 * all have as many, requests are refused with 503. Where they are to wait in a queue, or share one
 * limit for all, there is {@linkcode concurrency}.
 *
 * @param requests How many requests an upstream may have in flight.
 * @returns A value for the option `health`. Every target counts for itself.
 * @throws {TypeError} When the number is out of its bounds.
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
