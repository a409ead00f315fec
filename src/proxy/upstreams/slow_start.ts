/**
 * Slow start: an upstream that recovers gets its full share of the requests gradually.
 *
 * @module
 */
import { duration, type Options, readOptions } from "../../config.ts";
import { type Health, isHealth, type Upstream } from "./types.ts";

/** Options of {@linkcode slowStart}. */
export interface SlowStartOptions {
  /**
   * The time until a recovered upstream has its full weight, in milliseconds.
   *
   * @default 30000
   */
  readonly time?: number;
}

const OPTIONS = { time: [duration(1), 30_000] } satisfies Options<SlowStartOptions>;
/** The share of its weight that an upstream starts with; at 0 it would get no request at all. */
const FIRST_SHARE = 0.1;

/**
 * Increases the weight of a recovered upstream gradually, from a tenth to its full weight, for
 * example while its caches are cold. Needs another upstream that takes the other requests, and a
 * policy that respects weights: all but {@linkcode first}.
 *
 * @param health Tells which upstreams are healthy.
 * @param options See {@linkcode SlowStartOptions}.
 * @returns A value for the option `health`, in place of the given one.
 * @throws {TypeError} When the time is out of bounds.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { passiveHealth, slowStart } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": {
 *     target: ["http://10.0.0.1/", "http://10.0.0.2/"],
 *     health: slowStart(passiveHealth(), { time: 60_000 }),
 *   },
 * })(notFound);
 * ```
 */
export function slowStart(health: Health, options: SlowStartOptions = {}): Health {
  isHealth(health, "slowStart: the health");
  const { time } = readOptions("slowStart", options, OPTIONS);
  const unavailable = new WeakSet<Upstream>();
  const recoveredAt = new WeakMap<Upstream, number>();
  return {
    strict: health.strict ?? false,
    attach: (upstreams, probe) => health.attach?.(upstreams, probe),
    detach: (upstream) => health.detach?.(upstream),
    isAvailable(upstream) {
      const available = health.isAvailable(upstream);
      if (!available) unavailable.add(upstream);
      else if (unavailable.delete(upstream)) recoveredAt.set(upstream, performance.now());
      return available;
    },
    weightFactor(upstream) {
      const elapsed = performance.now() - (recoveredAt.get(upstream) ?? -Infinity);
      return Math.min(1, Math.max(FIRST_SHARE, elapsed / time));
    },
    track: (upstream, upstreams) => health.track(upstream, upstreams),
  };
}
