/**
 * Upstreams that answer for one another.
 *
 * @module
 */
import { guardCallback, requireSync } from "../../config.ts";
import { nativeRequest } from "../../host/host_request.ts";
import { HookError } from "../errors.ts";
import { type Health, type SelectionContext, Unavailable } from "./types.ts";
import { attemptRequest, type AttemptResult, isUnsent, singleField } from "./attempt.ts";
import { discard } from "../../host/watch_body.ts";
import { sendTo } from "../send.ts";
import type { Delivery, PoolSettings, SendingUpstream, Target } from "../types.ts";

/**
 * Delivers to one of several upstreams.
 *
 * @param changing Whether the list changes; only then, it may be empty.
 */
export function pool(
  upstreams: readonly SendingUpstream[],
  { balance, healths, retry, limit }: PoolSettings,
  changing = false,
): Target["deliver"] {
  const [only] = upstreams;
  if (only && !changing && upstreams.length === 1 && healths.length === 0 && !retry && !limit) {
    return (delivery) => sendTo(only, delivery);
  }
  const admittedBy = (judges: readonly Health[]): readonly SendingUpstream[] =>
    judges.length === 0
      ? upstreams
      : upstreams.filter((upstream) => judges.every((health) => health.isAvailable(upstream)));

  const choose = (
    asked: SelectionContext,
    tried: ReadonlySet<SendingUpstream>,
  ): SendingUpstream => {
    let usable = admittedBy(healths);
    if (usable.length === 0) usable = admittedBy(healths.filter((health) => health.strict));
    if (usable.length === 0) {
      throw new Unavailable("destination_unavailable", 1, "no upstream is well");
    }
    const untried = tried.size > 0 ? usable.filter((upstream) => !tried.has(upstream)) : usable;
    const candidates = untried.length > 0 ? untried : usable;
    return candidates.length === 1 ? candidates[0] as SendingUpstream : balanced(candidates, asked);
  };

  const balanced = (
    candidates: readonly SendingUpstream[],
    asked: SelectionContext,
  ): SendingUpstream => {
    for (const candidate of candidates) {
      candidate.weight = candidate.share;
      for (const health of healths) candidate.weight *= health.weightFactor?.(candidate) ?? 1;
    }
    try {
      const chosen = requireSync("proxy: balance", balance(candidates, asked));
      const upstream = candidates.find((candidate) => candidate === chosen);
      if (upstream) return upstream;
      throw new TypeError("proxy: balance must return one of those it is given");
    } catch (cause) {
      throw new HookError("balance threw", { cause });
    }
  };

  const pause = (
    { request, upload, signal }: Delivery,
    outcome: AttemptResult,
    tried: ReadonlySet<SendingUpstream>,
    times: number,
    left: number,
  ): number | undefined => {
    if (upload && !upload.repeatable) return undefined;
    if (signal.aborted || !(outcome.attempt || outcome.tried)) return undefined;
    const incoming = outcome.attempt?.incoming;
    return retry?.wait({
      method: request.method,
      attempts: times,
      status: incoming?.status,
      retryAfter: incoming && singleField(incoming, "retry-after"),
      unsent: !outcome.attempt && isUnsent(outcome.error),
      untried: admittedBy(healths).some((upstream) => !tried.has(upstream)),
      timeLeft: left,
    });
  };

  const tryAll = async (delivery: Delivery): Promise<AttemptResult> => {
    const tried = new Set<SendingUpstream>();
    const { headers, total } = delivery.settings.timeout;
    const end = performance.now() + Math.min(headers || Infinity, total || Infinity);
    const context = new Selection(delivery.request, delivery.client.address);
    if (retry) {
      retry.begin();
      delivery.upload?.repeat();
      // A balancer that looks at the request of a further attempt could have none made any more.
      if (delivery.upload) nativeRequest(delivery.request);
    }
    for (let times = 1;; times++) {
      delivery.signal.throwIfAborted();
      const upstream = choose(context, tried);
      tried.add(upstream);
      const outcome = await attemptRequest(delivery, upstream, upstreams, healths);
      const wait = pause(delivery, outcome, tried, times, end - performance.now());
      if (wait === undefined) return outcome;
      discard(outcome.attempt?.incoming.body ?? null);
      if (wait > 0) await sleep(wait, delivery.signal);
    }
  };

  return async (delivery) => {
    const leave = await limit?.enter(delivery.signal);
    try {
      const outcome = await tryAll(delivery);
      if (!outcome.attempt) throw outcome.error;
      if (leave) void outcome.ended.then(guardCallback("proxy: limit", leave));
      return outcome.attempt;
    } catch (error) {
      leave?.();
      throw error;
    }
  };
}

/** A request as balancers see it. The native request is made only for those that read it. */
class Selection implements SelectionContext {
  readonly #request: Request;
  readonly clientAddress: string | undefined;

  constructor(request: Request, clientAddress: string | undefined) {
    [this.#request, this.clientAddress] = [request, clientAddress];
  }

  get request(): Request {
    return nativeRequest(this.#request);
  }
}

/** Waits, or rejects as soon as the signal aborts. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
