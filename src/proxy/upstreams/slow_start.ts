/**
 * Upstreams that come back are not thrown into the deep end.
 *
 * @module
 */
import { checkOptions, type Checks, duration } from "../../config.ts";
import { type Health, isHealth, type Upstream } from "./types.ts";

/** Options of {@linkcode slowStart}. */
export interface SlowStartOptions {
  /** How long it takes an upstream to come to its full weight, in milliseconds. Default 30000. */
  readonly time?: number;
}

const OPTIONS: Checks<SlowStartOptions> = { time: duration(1) };
/** The part of its weight that an upstream begins with; with none it would not begin. */
const FIRST_PART = 0.1;

/**
 * Lets an upstream that is well again, and has cold caches perhaps, grow into its work: its weight
 * counts for a tenth at first, and more with the time. It is for ways to balance that heed weights,
 * and where there is another upstream to do the rest.
 *
 * @param health What knows which upstreams are well.
 * @param options See {@linkcode SlowStartOptions}.
 * @returns A value for the option `health`, in place of the given one.
 * @throws {TypeError} When the time is out of its bounds.
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
  checkOptions("slowStart", options, OPTIONS);
  const { time = 30_000 } = options;
  const away = new WeakSet<Upstream>();
  const since = new WeakMap<Upstream, number>();
  return {
    strict: health.strict ?? false,
    attach: (upstreams, ask) => health.attach?.(upstreams, ask),
    detach: (upstream) => health.detach?.(upstream),
    isAvailable(upstream) {
      const well = health.isAvailable(upstream);
      if (!well) away.add(upstream);
      else if (away.delete(upstream)) since.set(upstream, performance.now());
      return well;
    },
    weightFactor(upstream) {
      const back = since.get(upstream) ?? -Infinity;
      return Math.min(1, Math.max(FIRST_PART, (performance.now() - back) / time));
    },
    track: (upstream, upstreams) => health.track(upstream, upstreams),
  };
}
