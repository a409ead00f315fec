/**
 * One request sent to one upstream, and followed to the end of its response.
 *
 * @module
 */
import { Failure, HookError } from "../failure.ts";
import type { Attempt, Delivery } from "../forward.ts";
import type { Upstream } from "../upstream.ts";
import type { Health } from "./candidate.ts";
import { type Ending, watched } from "./ending.ts";

/** What an upstream answered, or why it did not. */
export type Outcome =
  | {
    readonly attempt: Attempt;
    /** Resolves when the response has come to its end. */
    readonly ended: Promise<Ending>;
  }
  | {
    readonly attempt?: undefined;
    readonly error: unknown;
    /** Whether the request was sent, or would have been if the upstream had let it. */
    readonly tried: boolean;
  };

/** Sends to an upstream, which has the request in flight until the end of the response. */
export async function follow(
  { asked: { request }, signal, attempt }: Delivery,
  upstream: Upstream,
  upstreams: readonly Upstream[],
  healths: readonly Health[],
): Promise<Outcome> {
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  const reports = healths.map((health) => health.sent(upstream, upstreams));
  let over = false;
  const end = (ending: Ending): void => {
    if (over) return;
    over = true;
    upstream.inFlight--;
    signal.removeEventListener("abort", abort);
    for (const report of reports) report(ending);
    resolve(ending);
  };
  // The client that leaves is not the upstream's fault; the time that is over is.
  const abort = (): void => end(request.signal.aborted ? "abandoned" : "failed");
  upstream.inFlight++;
  signal.addEventListener("abort", abort);
  try {
    const answered = await attempt(upstream);
    const { incoming } = answered;
    for (const report of reports) report("answered", incoming.status);
    if (incoming.body && hasContent(request.method, incoming.status)) {
      const body = watched(incoming.body, end);
      return { attempt: { ...answered, incoming: { ...incoming, body } }, ended };
    }
    end("ended");
    return { attempt: answered, ended };
  } catch (error) {
    const tried = !isOurs(error);
    if (tried) abort();
    else end("abandoned");
    return { error, tried };
  }
}

/** An upstream must not be blamed for what the client asked for, nor for a hook. */
function isOurs(error: unknown): boolean {
  return error instanceof HookError ||
    (error instanceof Failure && error.type === "http_request_error");
}

/** Whether anybody will read the body; else it ends by itself. */
function hasContent(method: string, status: number): boolean {
  return method !== "HEAD" && status !== 204 && status !== 205 && status !== 304;
}
