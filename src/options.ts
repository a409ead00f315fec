/**
 * Options as somebody wrote them.
 *
 * @module
 */

/**
 * Refuses options that there are not: one that is misspelt would be ignored in silence, and be it
 * the one that keeps something safe.
 *
 * @param owner What the options are of, for errors: `serveStatic`.
 * @param names The options that there are.
 * @throws {TypeError} Naming the option, and those that there are.
 */
export function checkNames<T extends object>(
  owner: string,
  options: T,
  names: readonly (keyof T & string)[],
): void {
  for (const name of Object.keys(options) as (keyof T & string)[]) {
    if (names.includes(name)) continue;
    throw new TypeError(`${owner}: there is no option "${name}"; give ${names.join(", ")}`);
  }
}
