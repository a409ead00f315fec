/**
 * Upstreams that answer for one another.
 *
 * @module
 */
import { parseRetryAfter } from "../../http/retry_after.ts";
import type { IncomingResponse } from "../transport.ts";
import { attempt, type Exchange, type Member, type Outcome } from "./attempt.ts";
import { roundRobin } from "./balancers.ts";
import { sleep, systemClock } from "./clock.ts";
import type { Limit } from "./concurrency.ts";
import type { Retry } from "./retries.ts";
import { type Asked, type Balancer, type Health, Unavailable } from "./upstream.ts";

/** How a pool uses its upstreams. */
export interface PoolOptions {
  /** Chooses the upstream for a request, of several. Default {@linkcode roundRobin}. */
  readonly balance?: Balancer;
  /** Whether requests are sent again, see {@linkcode retries}. Default never. */
  readonly retry?: Retry;
  /** Which upstreams are well, see {@linkcode ejection} and {@linkcode checks}. Default all. */
  readonly health?: Health | readonly Health[];
  /** How many requests there may be at a time, see {@linkcode concurrency}. Default any number. */
  readonly limit?: Limit;
}

/** Has a request answered. */
export type Pool<M> = (exchange: Exchange<M>) => Promise<IncomingResponse>;

/** Makes one of several upstreams, of which there is at least one. */
export function pool<M extends Member>(members: readonly M[], options: PoolOptions): Pool<M> {
  const { balance = roundRobin(), retry, limit } = options;
  const healths = options.health ? [options.health].flat() as readonly Health[] : [];
  const isWell = (member: M): boolean => healths.every((health) => health.admits(member));

  const choose = (asked: Asked, tried: ReadonlySet<M>): M => {
    const well = members.filter(isWell);
    const forbids = (health: Health): boolean =>
      health.strict === true && !members.some((member) => health.admits(member));
    if (well.length === 0 && healths.some(forbids)) {
      throw new Unavailable("destination_unavailable", 1, "no upstream is well");
    }
    const usable = well.length > 0 ? well : members;
    const untried = usable.filter((member) => !tried.has(member));
    const candidates = untried.length > 0 ? untried : usable;
    const chosen = candidates.length === 1 ? candidates[0] : balance(candidates, asked);
    const member = candidates.find((candidate) => candidate === chosen);
    if (!member) throw new TypeError("proxy: balance must return one of the upstreams it is given");
    return member;
  };

  const pause = (
    exchange: Exchange<M>,
    outcome: Outcome,
    tried: ReadonlySet<M>,
    times: number,
  ): number | undefined => {
    // What a transport has begun to read of the content is gone.
    if (exchange.signal.aborted || exchange.body?.locked) return undefined;
    const { response } = outcome;
    if (!response && !outcome.ready) return undefined;
    return retry?.wait({
      method: exchange.asked.request.method,
      times,
      status: response?.status,
      retryAfter: response && retryAfter(response),
      unsent: !response && exchange.unsent(outcome.error),
      another: members.some((member) => !tried.has(member) && isWell(member)),
      left: exchange.left(),
    });
  };

  const answer = async (exchange: Exchange<M>): Promise<Outcome> => {
    const tried = new Set<M>();
    retry?.begin();
    for (let times = 1;; times++) {
      const member = choose(exchange.asked, tried);
      tried.add(member);
      const outcome = await attempt(exchange, member, members, healths);
      const wait = pause(exchange, outcome, tried, times);
      if (wait === undefined) return outcome;
      void outcome.response?.body?.cancel().catch(() => {});
      if (wait > 0) await sleep(retry?.clock ?? systemClock, wait, exchange.signal);
    }
  };

  return async (exchange) => {
    const leave = await limit?.enter(exchange.signal);
    try {
      const outcome = await answer(exchange);
      if (!outcome.response) throw outcome.error;
      if (leave) void outcome.ended.then(leave);
      return outcome.response;
    } catch (error) {
      leave?.();
      throw error;
    }
  };
}

function retryAfter({ fields }: IncomingResponse): number | undefined {
  for (const [name, value] of fields) {
    if (name.toLowerCase() === "retry-after") return parseRetryAfter(value, Date.now());
  }
  return undefined;
}
