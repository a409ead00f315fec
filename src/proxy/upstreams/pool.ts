/**
 * Chooses one of the upstreams of a target for a request, and another one when it fails.
 *
 * @module
 */
import { guardCallback, requireSync } from "../../config.ts";
import { nativeRequest } from "../../host/host_request.ts";
import { discard } from "../../host/watch_body.ts";
import type { Field } from "../../http/fields.ts";
import type { Connection } from "../../transport/transport.ts";
import { HookError, ProxyError } from "../errors.ts";
import { sendTo } from "../send.ts";
import type { Delivery, PoolSettings, SendingUpstream, Target, UpstreamSet } from "../types.ts";
import {
  attemptRequest,
  isUnsent,
  isUpstreamFault,
  singleField,
  type WatchedAttempt,
} from "./attempt.ts";
import type { Health, Probe, SelectionContext } from "./types.ts";

/** Makes the function that sends requests to the upstreams of a target. */
export function pool(
  { upstreams, watch }: UpstreamSet,
  settings: PoolSettings,
  probeOptions: ProbeOptions,
): Target["deliver"] {
  const { healths, retry, limit } = settings;
  const probe = prober(upstreams, probeOptions);
  const attach = (added: readonly SendingUpstream[]): void => {
    for (const health of healths) health.attach?.(added, probe);
  };
  attach(upstreams);
  watch?.({
    added: (upstream) => attach([upstream]),
    removed(upstream) {
      for (const health of healths) health.detach?.(upstream);
    },
  });

  const [only] = upstreams;
  if (only && !watch && upstreams.length === 1 && healths.length === 0 && !retry && !limit) {
    // Without a policy, the body need not be watched.
    return (delivery) => sendTo(only, delivery);
  }
  return async (delivery) => {
    const release = await limit?.enter(delivery.signal);
    try {
      const attempt = await tryUpstreams(delivery, upstreams, settings);
      if (release) void attempt.ended.then(guardCallback("proxy: limit", release));
      return attempt;
    } catch (error) {
      release?.();
      throw error;
    }
  };
}

/** Tries upstreams until one responds, or the failure is not to be retried. */
async function tryUpstreams(
  delivery: Delivery,
  upstreams: readonly SendingUpstream[],
  settings: PoolSettings,
): Promise<WatchedAttempt> {
  const { request, upload, signal } = delivery;
  const { healths, retry } = settings;
  const { headers, total } = delivery.settings.timeout;
  const deadline = performance.now() + Math.min(headers || Infinity, total || Infinity);
  const context: SelectionContext = {
    // The native request is made only for balancers that read it.
    get request() {
      return nativeRequest(request);
    },
    clientAddress: delivery.client.address,
  };
  const tried = new Set<SendingUpstream>();
  if (retry) {
    retry.begin();
    upload?.repeat();
    // A balancer may read the native request, which cannot be made after its body was sent.
    if (upload) nativeRequest(request);
  }
  for (let attempts = 1;; attempts++) {
    signal.throwIfAborted();
    const upstream = choose(upstreams, tried, context, settings);
    tried.add(upstream);
    let attempt: WatchedAttempt | undefined;
    let error: unknown;
    try {
      attempt = await attemptRequest(delivery, upstream, upstreams, healths);
    } catch (cause) {
      error = cause;
    }
    const canRetry = retry && !signal.aborted && (!upload || upload.repeatable) &&
      (attempt ?? isUpstreamFault(error));
    const wait = canRetry
      ? retry.wait({
        method: request.method,
        attempts,
        status: attempt?.incoming.status,
        retryAfter: attempt && singleField(attempt.incoming, "retry-after"),
        unsent: !attempt && isUnsent(error),
        untried: available(upstreams, healths).some((upstream) => !tried.has(upstream)),
        timeLeft: deadline - performance.now(),
      })
      : undefined;
    if (wait === undefined) {
      if (attempt) return attempt;
      throw error;
    }
    discard(attempt?.incoming.body);
    if (wait > 0) await sleep(wait, signal);
  }
}

/** Chooses an available upstream, if possible one that was not tried yet. */
function choose(
  upstreams: readonly SendingUpstream[],
  tried: ReadonlySet<SendingUpstream>,
  context: SelectionContext,
  { balance, healths }: PoolSettings,
): SendingUpstream {
  let candidates = available(upstreams, healths);
  if (candidates.length === 0) {
    // An upstream that may fail is better than a certain failure.
    candidates = available(upstreams, healths.filter(({ strict }) => strict));
  }
  const untried = candidates.filter((upstream) => !tried.has(upstream));
  if (untried.length > 0) candidates = untried;
  const [first, second] = candidates;
  if (!first) {
    const error = new ProxyError("destination_unavailable", "no upstream is available");
    throw Object.assign(error, { retryAfter: 1 });
  }
  if (!second) return first;
  for (const upstream of candidates) {
    upstream.weight = upstream.share;
    for (const health of healths) upstream.weight *= health.weightFactor?.(upstream) ?? 1;
  }
  try {
    const chosen = requireSync("proxy: balance", balance(candidates, context));
    const upstream = candidates.find((candidate) => candidate === chosen);
    if (upstream) return upstream;
    throw new TypeError("proxy: balance must return one of the upstreams that it is given");
  } catch (cause) {
    throw new HookError("balance failed", { cause });
  }
}

/** The upstreams that all of the given healths find available. */
function available(
  upstreams: readonly SendingUpstream[],
  healths: readonly Health[],
): readonly SendingUpstream[] {
  return healths.length === 0
    ? upstreams
    : upstreams.filter((upstream) => healths.every((health) => health.isAvailable(upstream)));
}

/** Waits, or rejects when the signal aborts. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", abort);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}

/** The options of a target that apply to the requests of active health checks, too. */
export interface ProbeOptions {
  readonly host: string | null;
  readonly headers: readonly Field[];
  readonly connection: Connection | undefined;
}

/** Makes the function that sends the requests of active health checks. */
function prober(
  upstreams: readonly SendingUpstream[],
  { host, headers, connection }: ProbeOptions,
): Probe {
  return async (wanted, path, signal) => {
    const upstream = upstreams.find((each) => each === wanted);
    const url = URL.parse(path, wanted.url);
    if (!upstream || url?.origin !== wanted.url.origin) {
      throw new TypeError("activeHealth: the path must not lead to another origin");
    }
    const { status, body } = await upstream.send({
      url,
      method: "GET",
      host: host === null || host === "<auto>" ? url.host : host,
      fields: headers,
      body: null,
      signal,
      ...(connection && { connection }),
    }, []);
    discard(body);
    return status;
  };
}
