/**
 * How long clients may take.
 *
 * @module
 */
import { type Check, duration, shape } from "../config.ts";

/** How long clients may take, in milliseconds; 0 for as long as they like. */
export interface ServerTimeouts {
  /** To send the fields of a request, and on a new connection to begin one. Default 60000. */
  readonly headers?: number;
  /** To send the whole of a request, its content included. Default 300000. */
  readonly request?: number;
  /**
   * How long a connection of HTTP/2 is kept that has no request. One of HTTP/1.1 is kept for 5
   * seconds. Default 60000.
   */
  readonly idle?: number;
  /**
   * How long a client may take nothing of a response that is being sent. Responses that have nothing
   * to send may wait as long as they like. Default 60000.
   */
  readonly send?: number;
}

/** Checks them. */
export const serverTimeouts: Check = shape<ServerTimeouts>({
  headers: duration(),
  request: duration(),
  idle: duration(),
  send: duration(),
});

/** All of them. */
export function withDefaults({
  headers = 60_000,
  request = 300_000,
  idle = 60_000,
  send = 60_000,
}: ServerTimeouts = {}): Required<ServerTimeouts> {
  return { headers, request, idle, send };
}
