/**
 * Values that are often there at once. Waiting for one that is there would cost a small answer more
 * than the rest of it.
 *
 * @module
 */

/** A value, or its promise. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with a value, at once when it is there. */
export function andThen<T, U>(
  value: MaybePromise<T>,
  goOn: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  // Sources of users may have promises of their own make.
  return isPromise(value) ? Promise.resolve(value).then(goOn) : goOn(value);
}

/** Whether a value is yet to come. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
