/**
 * Active health checks: requests that find out which upstreams are healthy.
 *
 * @module
 */
import { callback, duration, type Options, readOptions, text, whole } from "../../config.ts";
import { unref } from "../../runtime.ts";
import type { Health, Probe, Upstream } from "./types.ts";

/** Options of {@linkcode activeHealth}. */
export interface ActiveHealthOptions {
  /** The path to request, with its leading slash. It is not appended to the path of the target. */
  readonly path: string;
  /**
   * The time between checks, in milliseconds, from the first request on. It does not keep a process
   * alive. On Cloudflare Workers, where no timer outlives a request, call `check` in a handler of a
   * Cron Trigger instead.
   *
   * @default no checks but those that `check` starts
   */
  readonly interval?: number;
  /**
   * How long an upstream may take until its response starts, in milliseconds.
   *
   * @default 5000
   */
  readonly timeout?: number;
  /**
   * The number of checks in a row that an unhealthy upstream must pass to be healthy.
   *
   * @default 2
   */
  readonly passes?: number;
  /**
   * The number of checks in a row that a healthy upstream must fail to be unhealthy.
   *
   * @default 3
   */
  readonly fails?: number;
  /**
   * Whether an upstream that responds with the status passes the check.
   *
   * @default (status) => status >= 200 && status < 400
   */
  readonly isHealthy?: (status: number) => boolean;
}

/** Upstreams that are checked. */
export interface ActiveHealth extends Health {
  /**
   * Checks all upstreams of all targets that have this value for the option `health`, at the same
   * time.
   *
   * @returns Resolves when all have responded or timed out; never rejects.
   */
  check(): Promise<void>;
}

const OPTIONS = {
  path: text('a path such as "/health"', /^\//),
  interval: duration(1),
  timeout: [duration(1), 5000],
  passes: [whole(1), 2],
  fails: [whole(1), 3],
  isHealthy: [callback, (status: number) => status >= 200 && status < 400],
} satisfies Options<ActiveHealthOptions>;

interface Checked {
  readonly upstream: Upstream;
  readonly probe: Probe;
  healthy: boolean;
  /** The number of checks in a row with another result. */
  against: number;
}

/**
 * Requests a path of each upstream, and uses the upstreams that respond. Every upstream counts as
 * healthy before its first check.
 *
 * @param options See {@linkcode ActiveHealthOptions}.
 * @returns A value for the option `health`; its `check` starts a check.
 * @throws {TypeError} When the path is missing, or an option is out of bounds.
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
  const settings = readOptions("activeHealth", options, OPTIONS, { required: ["path"] });
  const { path, interval, timeout, passes, fails, isHealthy } = settings;
  const attached = new Map<Upstream, Checked>();
  // Upstreams that may be attached again.
  const detached = new WeakMap<Upstream, Checked>();

  const passesCheck = async ({ upstream, probe }: Checked): Promise<boolean> => {
    const late = new AbortController();
    // A transport may not notice the signal before it has a connection.
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      late.abort(new Error(`no response within ${timeout} ms`));
      resolve(false);
    }, timeout);
    void probe(upstream, path, late.signal).then(isHealthy).catch(() => false).then(resolve);
    const passed = await promise;
    clearTimeout(timer);
    return passed;
  };
  const checkOne = async (checked: Checked): Promise<void> => {
    const passed = await passesCheck(checked);
    checked.against = passed === checked.healthy ? 0 : checked.against + 1;
    if (checked.against < (checked.healthy ? fails : passes)) return;
    checked.healthy = passed;
    checked.against = 0;
  };
  const checkAll = async (): Promise<void> => {
    await Promise.all([...attached.values()].map(checkOne));
    running = undefined;
  };
  let running: Promise<void> | undefined;
  const check = (): Promise<void> => running ??= checkAll();

  let started = false;
  const schedule = (every: number): void => {
    started = true;
    unref(setTimeout(() => void check().then(() => schedule(every)), every));
  };
  return {
    check,
    attach(upstreams, probe) {
      for (const upstream of upstreams) {
        const { healthy = true, against = 0 } = detached.get(upstream) ?? {};
        attached.set(upstream, { upstream, probe, healthy, against });
      }
    },
    detach(upstream) {
      const checked = attached.get(upstream);
      if (checked) detached.set(upstream, checked);
      attached.delete(upstream);
    },
    isAvailable: (upstream) => attached.get(upstream)?.healthy ?? true,
    track() {
      if (interval !== undefined && !started) schedule(interval);
      return () => {};
    },
  };
}
