/**
 * Functions that wait like async functions, but only for values that are not there yet: most files
 * are in memory, and a promise for each step would cost more than the rest of the response.
 *
 * A generator takes the place of the async function, `yield*` that of `await`.
 *
 * @module
 */

/** The steps to a result. A step that is yielded is a promise to wait for. */
export type Steps<T> = Generator<PromiseLike<unknown>, T, unknown>;

/** Whether a value is not there yet. A source may return any kind of promise. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value;
}

/** A step that waits for a value. */
export function* wait<T>(value: T | PromiseLike<T>): Steps<T> {
  return isPromise(value) ? (yield value) as T : value;
}

/** Takes all steps, at once if nothing is to wait for. */
export function run<T>(steps: Steps<T | Promise<T>>): T | Promise<T> {
  try {
    const { done, value } = steps.next();
    return done ? value : resume(steps, value);
  } catch (error) {
    return Promise.reject(error);
  }
}

async function resume<T>(
  steps: Steps<T | Promise<T>>,
  pending: PromiseLike<unknown>,
): Promise<T> {
  for (;;) {
    const next = await Promise.resolve(pending).then(
      (value) => () => steps.next(value),
      (error: unknown) => () => steps.throw(error),
    );
    const { done, value } = next();
    if (done) return await value;
    pending = value;
  }
}
