/**
 * One request sent to one upstream, and followed to the end of its response.
 *
 * @module
 */
import type { IncomingResponse } from "../transport.ts";
import { type Ending, watched } from "./ending.ts";
import type { Asked, Health, Upstream } from "./upstream.ts";

/** An upstream that counts what it is sent. */
export interface Member extends Upstream {
  inFlight: number;
}

/** A request that is to be answered. */
export interface Exchange<M> {
  readonly asked: Asked;
  /** The content that `send` sends. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** Aborts when the client is gone or the time is over. */
  readonly signal: AbortSignal;
  /** How long anybody will wait for the response, in milliseconds. */
  left(): number;
  /** Whether the error means that the upstream was sent nothing. */
  unsent(error: unknown): boolean;
  /**
   * Makes the request ready for an upstream. It rejects for reasons that are not the upstream's.
   *
   * @returns What sends it.
   */
  prepare(member: M): Promise<() => Promise<IncomingResponse>>;
}

/** A response that has begun, or the reason why there is none. */
export type Outcome =
  | {
    readonly response: IncomingResponse;
    /** Resolves when the response has come to its end. */
    readonly ended: Promise<Ending>;
  }
  | {
    readonly response?: undefined;
    readonly error: unknown;
    /** Whether the request came so far as to be sent. */
    readonly ready: boolean;
  };

/** Sends to a member, which has the request in flight until the end of the response. */
export async function attempt<M extends Member>(
  exchange: Exchange<M>,
  member: M,
  members: readonly M[],
  healths: readonly Health[],
): Promise<Outcome> {
  const { asked: { request }, signal } = exchange;
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  const reports = healths.map((health) => health.sent(member, members));
  let over = false;
  const end = (ending: Ending): void => {
    if (over) return;
    over = true;
    member.inFlight--;
    signal.removeEventListener("abort", abort);
    for (const report of reports) report(ending);
    resolve(ending);
  };
  let ready = false;
  // The client that leaves is not the upstream's fault; the time that is over is.
  const abort = (): void => end(ready && !request.signal.aborted ? "failed" : "abandoned");
  member.inFlight++;
  signal.addEventListener("abort", abort);
  try {
    const send = await exchange.prepare(member);
    ready = true;
    const response = await send();
    for (const report of reports) report("answered", response.status);
    if (response.body && hasContent(request.method, response.status)) {
      return { response: { ...response, body: watched(response.body, end) }, ended };
    }
    end("ended");
    return { response, ended };
  } catch (error) {
    abort();
    return { error, ready };
  }
}

/** Whether anybody will read the body; else it ends by itself. */
function hasContent(method: string, status: number): boolean {
  return method !== "HEAD" && status !== 204 && status !== 205 && status !== 304;
}
