/**
 * Options: one table for each function that takes some, with a check for each option. The type of
 * the table makes sure that no option lacks one. Undefined stands for the default and is not checked.
 *
 * ```text
 * const OPTIONS: Checks<RetriesOptions> = {
 *   attempts: number(1, 100),
 *   statuses,
 *   backoff: duration(),
 * };
 *
 * export function retries(options: RetriesOptions = {}): Retry {
 *   checkOptions("retries", options, OPTIONS);
 *   const { attempts = 2, statuses = [] } = options;
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

/** What there is to say about a table as a whole. */
export interface Rules<T> {
  /** Options that must be given. */
  readonly required?: readonly (keyof T & string)[];
  /** Names that other libraries have: ours instead, or what to do. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/** setTimeout takes what does not fit into 31 bits for 1 ms. */
export const LONGEST: number = 2 ** 31 - 1;

/**
 * Checks options: their names, since a misspelt one would be ignored in silence, and their values.
 *
 * @param owner What the options are of, for errors: `serveStatic`.
 * @throws {TypeError} Naming the option and the remedy.
 */
export function checkOptions<T extends object>(
  owner: string,
  options: T,
  checks: Checks<T>,
  { required = [], elsewhere = {} }: Rules<T> = {},
  separator = ": ",
): void {
  const names = Object.keys(checks) as (keyof T & string)[];
  if (!isRecord(options)) {
    return fail(`${owner}: options`, options, `an object such as { ${names[0]}: … }`);
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(checks, name)) continue;
    const known = Object.hasOwn(elsewhere, name) ? elsewhere[name] : nearest(name, names);
    const remedy = known && known in checks ? `did you mean "${known}"?` : known;
    throw new TypeError(
      `${owner}: unknown option ${shown(name)}; ${remedy ?? `the options are ${names.join(", ")}`}`,
    );
  }
  for (const name of names) {
    const value = options[name];
    if (value !== undefined || required.includes(name)) {
      checks[name](value, owner + separator + name);
    }
  }
}

/**
 * Refuses a value.
 *
 * @param where What it is called: `serveStatic: dotfiles`.
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

/** A list whose members are right. */
export function listOf(check: Check, example: string): Check {
  return (value, where) => {
    if (!Array.isArray(value)) return fail(where, value, `a list such as [${example}]`);
    return value.forEach((member: unknown, i) => check(member, `${where}[${i}]`));
  };
}

/** An object of one's own names, whose values are right. */
export function tableOf(check: Check, example: string): Check {
  return (value, where) => {
    if (!isRecord(value)) return fail(where, value, `an object such as { ${example} }`);
    return Object.entries(value).forEach(([name, member]) => check(member, `${where}.${name}`));
  };
}

/** A value that is right, or a list of such. */
export function oneOrMore(check: Check): Check {
  return (value, where) =>
    Array.isArray(value) ? listOf(check, "")(value, where) : check(value, where);
}

/** One of several values, or what a check lets pass. */
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

/** An object that has the methods: something that one of our functions makes, or the user's own. */
export function like(what: string, ...methods: readonly string[]): Check {
  return is(
    (value) =>
      typeof value === "object" && value !== null &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function"),
    what,
  );
}

/** Whether a value is an object with members of its own, and no list or function. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as errors show it. Text is cut: it might be a whole file. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : value instanceof Request ? "a Request" : "an object";
}

/** The name that was meant, if one is near: three letters away at most, and half of them. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const meant = name.toLowerCase();
  for (let steps = 0; steps <= Math.min(3, name.length / 2); steps++) {
    const found = names.find((known) => isNear(meant, known.toLowerCase(), steps));
    if (found) return found;
  }
  return undefined;
}

/** Whether so many letters changed, added or left out make one name of the other. */
function isNear(one: string, other: string, steps: number): boolean {
  if (one === other) return true;
  const [a, b] = [one.slice(1), other.slice(1)];
  if (one[0] === other[0]) return isNear(a, b, steps);
  return steps > 0 && (
    isNear(a, b, steps - 1) || isNear(a, other, steps - 1) || isNear(one, b, steps - 1)
  );
}

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
