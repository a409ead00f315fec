/**
 * Requests that meet a kept connection just as the upstream closes it.
 *
 * @module
 */
import { isIdempotent } from "../http/methods.ts";
import type { Transport } from "./transport.ts";

/** How often a request may meet such a connection; then the error is the upstream's. */
const MOST = 3;
/** How Node and undici call the end of a connection. */
const CLOSED = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);
/** Errors of requests of which the upstream cannot have answered a byte. */
const stale = new WeakSet<Error>();

/** The part of a socket that tells what came over it. */
interface Heard {
  readonly bytesRead: number;
}

/**
 * Begins to watch a connection that was kept, when a request is sent on it. What is returned marks
 * the error of a connection that was closed before anything came back.
 */
export function watchKept(socket: Heard): (error: Error) => void {
  const before = socket.bytesRead;
  return (error) => {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (CLOSED.has(code) && socket.bytesRead === before) stale.add(error);
  };
}

/**
 * Sends a request without content once more when its connection was stale, as long as its method
 * allows it (RFC 9112 §9.3.1). The upstream may have read it.
 */
export function resending(send: Transport["send"]): Transport["send"] {
  return async (request) => {
    for (let times = 1;; times++) {
      try {
        return await send(request);
      } catch (error) {
        const mayRepeat = error instanceof Error && stale.has(error) && times < MOST &&
          request.body === null && isIdempotent(request.method) && !request.signal.aborted;
        if (!mayRepeat) throw error;
      }
    }
  };
}
