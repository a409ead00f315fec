/**
 * Upstreams that fail are left alone for a while.
 *
 * @module
 */
import {
  checkOptions,
  type Checks,
  duration,
  flag,
  number,
  statuses,
  whole,
} from "../../config.ts";
import type { AttemptEvent, Health, Upstream } from "./types.ts";

/** Options of {@linkcode passiveHealth}. */
export interface PassiveHealthOptions {
  /** How many failures in a row eject an upstream. Default 5. */
  readonly failures?: number;
  /**
   * Statuses that are failures, as no response at all is one. Default 502, 503 and 504. With 500
   * among them, whoever finds a page that breaks can have the upstreams ejected.
   */
  readonly statuses?: readonly number[];
  /**
   * How long the first ejection lasts, in milliseconds. Each further one lasts twice as long as the
   * one before, until an upstream has held out as long as it was ejected. Default 30000.
   */
  readonly time?: number;
  /** How long an ejection lasts at most, in milliseconds. Default 300000, or `time` if that is more. */
  readonly maxTime?: number;
  /** The largest part of the upstreams that may be ejected at a time; one may be always. Default 0.5. */
  readonly maxEjected?: number;
  /**
   * Whether requests are refused with 503 while every upstream is ejected, as a circuit breaker
   * does. Default `false`: better to ask an upstream that may fail than to fail for sure.
   */
  readonly strict?: boolean;
}

const OPTIONS: Checks<PassiveHealthOptions> = {
  failures: whole(1),
  statuses,
  time: duration(1),
  maxTime: duration(1),
  maxEjected: number(0, 1),
  strict: flag,
};

interface State {
  failures: number;
  /** When the ejection is over; 0 while there is none. */
  until: number;
  /** How long the last ejection was. */
  lasted: number;
  /** When the last ejection was found to be over. */
  since: number;
  /** Whether the one request that may find out is under way. */
  probing: boolean;
  /** Counts ejections and returns. */
  era: number;
}

/**
 * Ejects upstreams that fail several times in a row. When the time is over, a single request is let
 * through (half-open): the others follow when it is answered, and the upstream is ejected again, for
 * twice as long, when it fails.
 *
 * Failures are connections that fail, responses that break off or do not begin in time, and
 * {@linkcode PassiveHealthOptions.statuses}. Of requests with content only connections that are refused
 * or not made in time, and statuses, count: the rest may be the fault of the client.
 *
 * @param options See {@linkcode PassiveHealthOptions}.
 * @returns A value for the option `health`.
 * @throws {TypeError} When an option is out of its bounds.
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
  checkOptions("passiveHealth", options, OPTIONS);
  const { failures = 5, statuses = [502, 503, 504], time = 30_000, maxEjected: most = 0.5 } =
    options;
  const { maxTime = Math.max(300_000, time), strict = false } = options;
  duration(time)(maxTime, "passiveHealth: maxTime");
  const states = new WeakMap<Upstream, State>();
  const stateOf = (upstream: Upstream): State => {
    let state = states.get(upstream);
    if (!state) {
      state = { failures: 0, until: 0, lasted: 0, since: 0, probing: false, era: 0 };
      states.set(upstream, state);
    }
    return state;
  };
  const eject = (state: State): void => {
    const now = performance.now();
    const steady = state.until === 0 && now - state.since >= state.lasted;
    state.lasted = state.lasted === 0 || steady ? time : Math.min(2 * state.lasted, maxTime);
    state.until = now + state.lasted;
    state.probing = false;
    state.era++;
  };
  const mayEject = (upstreams: readonly Upstream[]): boolean => {
    const ejected = upstreams.filter((upstream) => stateOf(upstream).until > 0).length;
    return ejected < Math.max(1, Math.floor(most * upstreams.length));
  };

  return {
    strict,
    isAvailable(upstream) {
      const { until, probing } = stateOf(upstream);
      return until === 0 || (!probing && performance.now() >= until);
    },
    track(upstream, upstreams) {
      const state = stateOf(upstream);
      let { era } = state;
      // Others are sent to the ejected only when all are, and decide nothing by failing.
      const probe = state.until > 0 && !state.probing && performance.now() >= state.until;
      if (probe) state.probing = true;
      const failed = (): void => {
        era = -1; // the end of an answer that was a failure makes up for nothing
        if (probe && state.until > 0) return eject(state);
        if (state.until > 0 || ++state.failures < failures) return;
        if (mayEject(upstreams)) eject(state);
      };
      return (news: AttemptEvent, status = 0) => {
        // What was sent before an ejection, or before its end, says nothing about the time after it.
        if (era !== state.era) return;
        if (news === "failed" || (news === "answered" && statuses.includes(status))) failed();
        else if (news === "abandoned" && probe) state.probing = false;
        else if (news === "ended" && state.until === 0) state.failures = 0;
        else if (news === "answered" && state.until > 0) {
          // The next failure ejects again, unless a response has come to its end before.
          Object.assign(state, { failures: failures - 1, until: 0, probing: false });
          state.since = performance.now();
          era = ++state.era;
        }
      };
    },
  };
}
