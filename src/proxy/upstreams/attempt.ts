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
  send(member: M): Promise<IncomingResponse>;
}

/** A response that has begun. */
export interface Attempt {
  readonly response: IncomingResponse;
  /** Resolves when the response has come to its end. */
  readonly ended: Promise<Ending>;
}

/** Sends to a member, which has the request in flight until the end of the response. */
export async function attempt<M extends Member>(
  exchange: Exchange<M>,
  member: M,
  members: readonly M[],
  healths: readonly Health[],
): Promise<Attempt> {
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
  // The client that leaves is not the upstream's fault; the time that is over is.
  const abort = (): void => end(request.signal.aborted ? "abandoned" : "failed");
  member.inFlight++;
  signal.addEventListener("abort", abort);
  try {
    const response = await exchange.send(member);
    for (const report of reports) report("answered", response.status);
    if (response.body && hasContent(request.method, response.status)) {
      return { response: { ...response, body: watched(response.body, end) }, ended };
    }
    end("ended");
    return { response, ended };
  } catch (error) {
    abort();
    throw error;
  }
}

/** Whether anybody will read the body; else it ends by itself. */
function hasContent(method: string, status: number): boolean {
  return method !== "HEAD" && status !== 204 && status !== 205 && status !== 304;
}
