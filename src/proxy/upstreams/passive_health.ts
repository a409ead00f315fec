/**
 * Passive health checks: upstreams that fail are ejected for a while.
 *
 * @module
 */
import {
  duration,
  flag,
  number,
  type Options,
  readOptions,
  statuses,
  whole,
} from "../../config.ts";
import type { AttemptEvent, Health, Upstream } from "./types.ts";

/** Options of {@linkcode passiveHealth}. */
export interface PassiveHealthOptions {
  /**
   * The number of failures in a row that eject an upstream.
   *
   * @default 5
   */
  readonly failures?: number;
  /**
   * Statuses that count as failures, as a missing response does. With 500 among them, anybody who
   * finds a page that fails can have the upstreams ejected.
   *
   * @default [502, 503, 504]
   */
  readonly statuses?: readonly number[];
  /**
   * How long the first ejection lasts, in milliseconds. Each further one lasts twice as long as the
   * one before, until the upstream stays healthy for as long as it was ejected.
   *
   * @default 30000
   */
  readonly time?: number;
  /**
   * How long an ejection lasts at most, in milliseconds.
   *
   * @default 300000, or `time` if that is more
   */
  readonly maxTime?: number;
  /**
   * The largest share of the upstreams that may be ejected at a time, from 0 to 1. One may always be.
   *
   * @default 0.5
   */
  readonly maxEjected?: number;
  /**
   * Whether requests are answered with 503 while every upstream is ejected, as by a circuit breaker.
   * With `false`, all upstreams are used then: they may fail, but a 503 is a certain failure.
   *
   * @default false
   */
  readonly strict?: boolean;
}

const OPTIONS = {
  failures: [whole(1), 5],
  statuses: [statuses, [502, 503, 504]],
  time: [duration(1), 30_000],
  maxTime: duration(1),
  maxEjected: [number(0, 1), 0.5],
  strict: [flag, false],
} satisfies Options<PassiveHealthOptions>;

class State {
  /** Failures in a row. */
  failures = 0;
  /** When the ejection ends; 0 while the upstream is not ejected. */
  ejectedUntil = 0;
  /** How long the last ejection lasted. */
  ejectionTime = 0;
  /** When the upstream recovered from its last ejection. */
  recoveredAt = 0;
  /** Whether the single request that tests an ejected upstream is in flight. */
  probing = false;
  /** Changes with each ejection and each recovery. */
  epoch = 0;
}

/**
 * Ejects upstreams that fail several times in a row. When the ejection ends, a single request is sent
 * (half-open): after its response, the upstream is available again; after a failure, it is ejected for
 * twice as long.
 *
 * A failure is a connection that fails, a response that is cut off or does not start in time, or one of
 * {@linkcode PassiveHealthOptions.statuses}. For requests with a body, only statuses and connections
 * that are refused or not made in time count: other failures may be caused by the client.
 *
 * @param options See {@linkcode PassiveHealthOptions}.
 * @returns A value for the option `health`.
 * @throws {TypeError} When an option is out of bounds.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { passiveHealth } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": {
 *     target: ["http://10.0.0.1/", "http://10.0.0.2/"],
 *     health: passiveHealth({ failures: 3, time: 10_000 }),
 *   },
 * })(notFound);
 * ```
 */
export function passiveHealth(options: PassiveHealthOptions = {}): Health {
  const settings = readOptions("passiveHealth", options, OPTIONS);
  const { failures: limit, statuses, time, maxEjected, strict } = settings;
  const { maxTime = Math.max(300_000, time) } = settings;
  duration(time)(maxTime, "passiveHealth: maxTime");
  const states = new WeakMap<Upstream, State>();
  const stateOf = (upstream: Upstream): State => {
    let state = states.get(upstream);
    if (!state) states.set(upstream, state = new State());
    return state;
  };
  const isAvailable = (upstream: Upstream): boolean => {
    const { ejectedUntil, probing } = stateOf(upstream);
    return ejectedUntil === 0 || (!probing && performance.now() >= ejectedUntil);
  };
  const mayEject = (upstreams: readonly Upstream[]): boolean => {
    const ejected = upstreams.filter((upstream) => stateOf(upstream).ejectedUntil > 0).length;
    return ejected < Math.max(1, Math.floor(maxEjected * upstreams.length));
  };
  const eject = (state: State): void => {
    const now = performance.now();
    const wasStable = state.ejectedUntil === 0 && now - state.recoveredAt >= state.ejectionTime;
    const isFirst = state.ejectionTime === 0 || wasStable;
    state.ejectionTime = isFirst ? time : Math.min(2 * state.ejectionTime, maxTime);
    state.ejectedUntil = now + state.ejectionTime;
    state.probing = false;
    state.epoch++;
  };
  const recover = (state: State): void => {
    // The next failure ejects the upstream again, unless a response ends before.
    state.failures = limit - 1;
    state.ejectedUntil = 0;
    state.recoveredAt = performance.now();
    state.probing = false;
    state.epoch++;
  };

  return {
    strict,
    isAvailable,
    track(upstream, upstreams) {
      const state = stateOf(upstream);
      let { epoch } = state;
      // Further requests are sent to an ejected upstream only when all are ejected: their failures
      // do not count.
      const isProbe = state.ejectedUntil > 0 && isAvailable(upstream);
      if (isProbe) state.probing = true;
      const fail = (): void => {
        epoch = -1; // the end of this response does not reset the count
        if (state.ejectedUntil > 0) {
          if (isProbe) eject(state);
        } else if (++state.failures >= limit && mayEject(upstreams)) eject(state);
      };
      return (event: AttemptEvent, status = 0) => {
        // A request from before an ejection or a recovery says nothing about the time after it.
        if (epoch !== state.epoch) return;
        if (event === "failed" || (event === "answered" && statuses.includes(status))) fail();
        else if (event === "abandoned" && isProbe) state.probing = false;
        else if (event === "ended" && state.ejectedUntil === 0) state.failures = 0;
        else if (event === "answered" && state.ejectedUntil > 0) {
          recover(state);
          ({ epoch } = state);
        }
      };
    },
  };
}
