/**
 * Whether somebody takes what waits to be sent.
 *
 * @module
 */

/** Measures for how long as much has been waiting. */
export class Stall {
  #waiting = 0;
  #since = 0;

  /** For how long nothing of so many bytes was taken, in milliseconds; to be asked regularly. */
  time(waiting: number, now: number): number {
    if (waiting === 0 || waiting !== this.#waiting) [this.#waiting, this.#since] = [waiting, now];
    return now - this.#since;
  }
}
