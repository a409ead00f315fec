/**
 * How long clients may take.
 *
 * @module
 */
import { checkNames } from "../options.ts";
import { within } from "../proxy/clock.ts";

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
   * How long a client of HTTP/2 may take nothing of a response that is being sent. Responses that
   * have nothing to send may wait as long as they like. Default 60000.
   */
  readonly send?: number;
}

const DEFAULTS: Required<ServerTimeouts> = {
  headers: 60_000,
  request: 300_000,
  idle: 60_000,
  send: 60_000,
};

/**
 * Reads the option.
 *
 * @throws {TypeError} Naming what is wrong.
 */
export function readTimeouts(given: ServerTimeouts = {}): Required<ServerTimeouts> {
  if (typeof given !== "object" || given === null) {
    throw new TypeError("serve: timeouts must be an object such as { request: 60_000 }");
  }
  const names = Object.keys(DEFAULTS) as (keyof ServerTimeouts)[];
  checkNames("serve: timeouts", given, names);
  const timeouts = { ...DEFAULTS };
  for (const name of names) {
    const value = given[name] ?? DEFAULTS[name];
    timeouts[name] = within(`serve: timeouts.${name}, in milliseconds,`, value, 0);
  }
  return timeouts;
}
