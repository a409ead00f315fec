/**
 * Options: one table for each function that takes some. It has a row for each option: the check,
 * and the default where there is one. The type of the table makes sure that no option is forgotten.
 *
 * ```text
 * const OPTIONS = {
 *   attempts: [number(1, 100), 2],
 *   backoff: [duration(), 0],
 *   statuses,
 * } satisfies Options<RetriesOptions>;
 *
 * export function retries(options: RetriesOptions = {}): Retry {
 *   const { attempts, backoff, statuses } = readOptions("retries", options, OPTIONS);
 * ```
 *
 * A check of your own is `is((value) => …, "what to give instead")`, or a function that throws with
 * {@linkcode fail}. Every error says what is wrong, where, and what to do:
 * `retries: attempts is "many"; give a number from 1 to 100`.
 *
 * @module
 */

/** Throws a `TypeError` when the value of an option is wrong. */
export type Check = (value: unknown, where: string) => void;

/** A check for each option. */
export type Checks<T> = { readonly [K in keyof T]-?: Check };

/** A row for each option: its check, or its check and its default. */
export type Options<T> = {
  readonly [K in keyof T]-?: Check | readonly [check: Check, byDefault: T[K] & ({} | null)];
};

/** A table that other files see: its options `D` have a default. */
export type Table<T, D extends keyof T> = {
  readonly [K in keyof T]-?: K extends D ? readonly [check: Check, byDefault: T[K] & ({} | null)]
    : Check;
};

/** The options of a table that have a default. */
export type Defaulted<Table> = {
  [K in keyof Table]: Table[K] extends readonly [Check, unknown] ? K : never;
}[keyof Table];

/** Options as `readOptions` returns them: those with a default are always there. */
export type Complete<T, Table> =
  & Omit<T, Defaulted<Table>>
  & { readonly [K in keyof T & Defaulted<Table>]: T[K] & ({} | null) };

/** What there is to say about a table as a whole. */
export interface Rules<T> {
  /** Options that must be given. */
  readonly required?: readonly (keyof T & string)[];
  /** Names that other libraries use, and what to write instead. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/** The longest delay that `setTimeout` takes, in milliseconds. A longer one fires at once. */
export const LONGEST: number = 2 ** 31 - 1;

/**
 * Checks options and puts in the defaults. `undefined` stands for the default. Unknown names are
 * rejected: a misspelt security option must not be ignored silently.
 *
 * @param owner The function, for errors: `serveStatic`.
 * @throws {TypeError} Naming the option and the remedy.
 */
export function readOptions<T extends object, Table extends Options<T>>(
  owner: string,
  options: T,
  table: Table & Options<T>,
  { required = [], elsewhere = {} }: Rules<T> = {},
  separator = ": ",
): Complete<T, Table> {
  const names = Object.keys(table) as (keyof T & string)[];
  if (!isRecord(options)) {
    fail(`${owner}: options`, options, `an object such as { ${names[0]}: … }`);
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(table, name)) continue;
    const known = Object.hasOwn(elsewhere, name) ? elsewhere[name] : nearest(name, names);
    const remedy = known && known in table ? `did you mean "${known}"?` : known;
    throw new TypeError(
      `${owner}: unknown option ${shown(name)}; ${remedy ?? `the options are ${names.join(", ")}`}`,
    );
  }
  const complete: Record<string, unknown> = {};
  for (const name of names) {
    const row: Check | readonly [Check, unknown] = table[name];
    const [check, byDefault] = typeof row === "function" ? [row, undefined] : row;
    const value: unknown = options[name];
    if (value !== undefined || required.includes(name)) check(value, owner + separator + name);
    complete[name] = value === undefined ? byDefault : value;
  }
  return complete as Complete<T, Table>;
}

/** Checks options by a table without defaults; see {@linkcode readOptions}. */
export function checkOptions<T extends object>(
  owner: string,
  options: T,
  checks: Checks<T>,
  rules?: Rules<T>,
  separator?: string,
): void {
  readOptions<T, Checks<T>>(owner, options, checks, rules, separator);
}

/**
 * Refuses a value.
 *
 * @param where The option, for the error: `serveStatic: dotfiles`.
 * @param what What to give instead.
 */
export function fail(where: string, value: unknown, what: string): never {
  throw new TypeError(`${where} is ${shown(value)}; give ${what}`);
}

/** A check by a predicate. */
export function is(test: (value: unknown) => boolean, what: string): Check {
  return (value, where) => {
    if (!test(value)) fail(where, value, what);
  };
}

/** `true` or `false`. */
export function flag(value: unknown, where: string): void {
  if (typeof value !== "boolean") fail(where, value, "true or false");
}

/** A function. */
export function callback(value: unknown, where: string): void {
  if (typeof value !== "function") fail(where, value, "a function");
}

/** One of several values. */
export function oneOf(...values: readonly unknown[]): Check {
  const all = values.map(shown);
  return is(
    (value) => values.includes(value),
    [all.slice(0, -1).join(", "), all.at(-1)].filter(Boolean).join(" or "),
  );
}

/** A text that is not empty. */
export function text(what: string, pattern: RegExp = /[^]/): Check {
  return is((value) => typeof value === "string" && pattern.test(value), what);
}

/** A number within bounds. */
export function number(least: number, most: number = LONGEST, what = "a number"): Check {
  const bounds = most === Infinity ? `, ${least} or more` : ` from ${least} to ${most}`;
  return is(
    (value) => typeof value === "number" && value >= least && value <= most,
    what + bounds,
  );
}

/** A whole number within bounds. */
export function whole(least: number, most: number = LONGEST, what = "a whole number"): Check {
  return is(
    (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
    `${what} from ${least} to ${most}`,
  );
}

/** A time in milliseconds that a timer can wait for. */
export function duration(least = 0): Check {
  return number(least, LONGEST, "milliseconds, a number");
}

/** A list of statuses. */
export function statuses(value: unknown, where: string): void {
  listOf(whole(100, 599), "502, 503")(value, where);
}

/** A list, each member of which passes a check. */
export function listOf(check: Check, example: string): Check {
  return (value, where) => {
    if (!Array.isArray(value)) return fail(where, value, `a list such as [${example}]`);
    return value.forEach((member: unknown, i) => check(member, `${where}[${i}]`));
  };
}

/** An object with any names, each value of which passes a check. */
export function tableOf(check: Check, example: string): Check {
  return (value, where) => {
    if (!isRecord(value)) return fail(where, value, `an object such as { ${example} }`);
    return Object.entries(value).forEach(([name, member]) => check(member, `${where}.${name}`));
  };
}

/** A value that passes a check, or a list of such values. */
export function oneOrMore(check: Check): Check {
  return (value, where) =>
    Array.isArray(value) ? listOf(check, "")(value, where) : check(value, where);
}

/** One of several values, or a value that passes a check. */
export function either(values: readonly unknown[], check: Check): Check {
  return (value, where) => {
    if (!values.includes(value)) check(value, where);
  };
}

/** Options within an option. */
export function shape<T extends object>(checks: Checks<T>, rules?: Rules<T>): Check {
  return (value, where) => {
    if (!isRecord(value)) fail(where, value, `an object such as { ${Object.keys(checks)[0]}: … }`);
    checkOptions(where, value as T, checks, rules, ".");
  };
}

/** An object with these methods: one that our functions return, or one of the user's own. */
export function like(what: string, ...methods: readonly string[]): Check {
  return is(
    (value) =>
      typeof value === "object" && value !== null &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function"),
    what,
  );
}

/** Whether a value is an object other than a list or a function. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as errors show it. Long text is cut. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : value instanceof Request ? "a Request" : "an object";
}

/** The nearest name: at most three edits away, and at most half of its letters. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const meant = name.toLowerCase();
  for (let steps = 0; steps <= Math.min(3, name.length / 2); steps++) {
    const found = names.find((known) => isNear(meant, known.toLowerCase(), steps));
    if (found) return found;
  }
  return undefined;
}

/**
 * Whether at most so many edits (letters changed, added or removed) turn one name into the other.
 */
function isNear(one: string, other: string, steps: number): boolean {
  if (one === other) return true;
  const [a, b] = [one.slice(1), other.slice(1)];
  if (one[0] === other[0]) return isNear(a, b, steps);
  return steps > 0 && (
    isNear(a, b, steps - 1) || isNear(a, other, steps - 1) || isNear(one, b, steps - 1)
  );
}

/**
 * Guards a callback whose result is not used: what it throws, or rejects with, is written with
 * `console.error`. An unhandled exception or rejection would end the process.
 *
 * @param name The callback, for the report: `proxy: onError`.
 */
export function guardCallback<A extends readonly unknown[]>(
  name: string,
  callback: (...args: A) => unknown,
): (...args: A) => void {
  const failed = (error: unknown): void => console.error(`${name} failed:`, error);
  return (...args) => {
    try {
      const result = callback(...args);
      if (isThenable(result)) Promise.resolve(result).catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}

/**
 * Returns the value that a function of the user returned, unless it is a promise. A promise is
 * always truthy: an async `isAllowed` would allow everything.
 *
 * @param name The function, for errors: `serveStatic: isAllowed`.
 * @throws {TypeError} When the value is a promise.
 */
export function requireSync<T>(name: string, value: T): T {
  if (!isThenable(value)) return value;
  Promise.resolve(value).catch(() => {}); // the caller gets the TypeError below
  throw new TypeError(`${name} must not be async; let it return a value, not a promise`);
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value;
}
