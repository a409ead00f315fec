/**
 * What becomes of the errors of functions that we are given and do not wait for.
 *
 * @module
 */

/**
 * Makes a function that is only told something safe to call: what it throws or rejects with goes to
 * `console.error`, and to nobody else. Where it is called, an exception or a rejection that nobody
 * handles would end the process, and with it the requests of everybody.
 *
 * @param name What the function is called in the report: `proxy: onError`.
 */
export function guardCallback<A extends readonly unknown[]>(
  name: string,
  tell: (...args: A) => unknown,
): (...args: A) => void {
  const failed = (error: unknown): void => console.error(`${name} failed:`, error);
  return (...args) => {
    try {
      const told = tell(...args);
      if (isThenable(told)) Promise.resolve(told).catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}

/**
 * The value that a function gave. A promise is none: `isAllowed` would be true whatever it promised.
 *
 * @param name What the function is called in errors: `serveStatic: isAllowed`.
 * @throws {TypeError} When it is a promise.
 */
export function requireSync<T>(name: string, value: T): T {
  if (!isThenable(value)) return value;
  Promise.resolve(value).catch(() => {}); // whoever called is told of the mistake instead
  throw new TypeError(`${name} must not be async; let it return a value, not a promise`);
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value;
}
