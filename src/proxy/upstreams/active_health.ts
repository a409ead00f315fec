/**
 * Upstreams are asked whether they are well.
 *
 * @module
 */
import {
  callback,
  checkOptions,
  type Checks as Table,
  duration,
  text,
  whole,
} from "../../config.ts";
import { unref } from "../../host/timers.ts";
import type { Health, Upstream } from "./types.ts";

/** Options of {@linkcode activeHealth}. */
export interface ActiveHealthOptions {
  /** What to ask for: a path with its leading slash. It is not appended to the path of the target. */
  readonly path: string;
  /**
   * How often to ask, in milliseconds, from the first request on. It does not keep a process alive.
   * Without it, upstreams are asked when `check` is called: on Cloudflare Workers, where no timer
   * outlives a request, do so in a handler of a Cron Trigger.
   */
  readonly interval?: number;
  /** How long an upstream may take to begin its answer, in milliseconds. Default 5000. */
  readonly timeout?: number;
  /** How many checks in a row an upstream must pass to be used again. Default 2. */
  readonly passes?: number;
  /** How many checks in a row an upstream must fail to be used no more. Default 3. */
  readonly fails?: number;
  /** Whether a status means that the upstream is well. Default: from 200 to 399. */
  readonly isHealthy?: (status: number) => boolean;
}

/** Upstreams that are checked. */
export interface ActiveHealth extends Health {
  /**
   * Asks every upstream of every target that these checks were given to, all at a time.
   *
   * @returns What resolves, never rejects, when all have answered or are late.
   */
  check(): Promise<void>;
}

const OPTIONS: Table<ActiveHealthOptions> = {
  path: text('a path such as "/health"', /^\//),
  interval: duration(1),
  timeout: duration(1),
  passes: whole(1),
  fails: whole(1),
  isHealthy: callback,
};

interface Checked {
  readonly upstream: Upstream;
  readonly ask: (upstream: Upstream, path: string, signal: AbortSignal) => Promise<number>;
  well: boolean;
  /** How many checks in a row said otherwise. */
  against: number;
}

/**
 * Asks upstreams whether they are well, and uses only those that are. Upstreams are taken to be well
 * before the first check.
 *
 * @param options See {@linkcode ActiveHealthOptions}.
 * @returns A value for the option `health`; call its `check` whenever you like.
 * @throws {TypeError} When the path is none, or an option is out of its bounds.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { activeHealth, passiveHealth } from "@handwerk/handwerk/upstreams";
 *
 * const checked = activeHealth({ path: "/health", interval: 10_000 });
 * const app = proxy({
 *   "/": { target: ["http://10.0.0.1/", "http://10.0.0.2/"], health: [checked, passiveHealth()] },
 * })(notFound);
 * ```
 */
export function activeHealth(options: ActiveHealthOptions): ActiveHealth {
  checkOptions("activeHealth", options, OPTIONS, { required: ["path"] });
  const { path, interval, isHealthy = (status) => status >= 200 && status < 400 } = options;
  const { timeout = 5000, passes = 2, fails = 3 } = options;
  const all = new Map<Upstream, Checked>();
  // What is known of those that may come back.
  const gone = new WeakMap<Upstream, Checked>();

  const answer = ({ upstream, ask }: Checked): Promise<boolean> =>
    new Promise((resolve) => {
      const late = new AbortController();
      const timer = setTimeout(() => {
        late.abort(new Error("late"));
        resolve(false);
      }, timeout);
      const settle = (says: boolean): void => {
        clearTimeout(timer);
        resolve(says);
      };
      void ask(upstream, path, late.signal).then(isHealthy).catch(() => false).then(settle);
    });
  const hear = async (checked: Checked): Promise<void> => {
    const says = await answer(checked);
    checked.against = says === checked.well ? 0 : checked.against + 1;
    if (checked.against < (checked.well ? fails : passes)) return;
    checked.well = says;
    checked.against = 0;
  };
  let running: Promise<void> | undefined;
  const check = (): Promise<void> =>
    running ??= Promise.all([...all.values()].map(hear)).then(() => void (running = undefined));

  let started = false;
  const again = (every: number): void => {
    started = true;
    unref(setTimeout(() => void check().then(() => again(every)), every));
  };
  return {
    check,
    attach(upstreams, ask) {
      for (const upstream of upstreams) {
        const { well = true, against = 0 } = gone.get(upstream) ?? {};
        all.set(upstream, { upstream, ask, well, against });
      }
    },
    detach(upstream) {
      const checked = all.get(upstream);
      if (checked) gone.set(upstream, checked);
      all.delete(upstream);
    },
    isAvailable: (upstream) => all.get(upstream)?.well ?? true,
    track() {
      if (interval !== undefined && !started) again(interval);
      return () => {};
    },
  };
}
