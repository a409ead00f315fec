/** Values of every kind, and which of them an option takes. */
import assert from "node:assert/strict";
import { test } from "node:test";

/** Whether an option takes a value. */
export type Takes = (value: unknown) => boolean;
/** How a value is shown in a failure. */
const inspect = (value: unknown): string =>
  typeof value === "bigint" ? `${value}n` : JSON.stringify(value) ?? typeof value;
type Build = (options: Record<string, never>) => unknown;

export const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  7,
  NaN,
  Infinity,
  "",
  "nonsense",
  "no\u0000nsense",
  "\ud800",
  {},
  [],
  [null],
  [[]],
  () => undefined,
  Symbol("s"),
  1n,
];

export const nothing: Takes = () => false;
export const flag: Takes = (value) => typeof value === "boolean";
export const callback: Takes = (value) => typeof value === "function";
export const text: Takes = (value) => typeof value === "string" && value !== "";
export const name: Takes = (value) => value === "nonsense";
export const emptyList: Takes = (value) => Array.isArray(value) && value.length === 0;
export const emptyObject: Takes = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const oneOf = (...values: unknown[]): Takes => (value) => values.includes(value);
export const either = (...all: Takes[]): Takes => (value) => all.some((takes) => takes(value));
export const number = (least: number, most: number = 2 ** 31 - 1): Takes => (value) =>
  typeof value === "number" && value >= least && value <= most;
export const whole = (least: number): Takes => (value) =>
  Number.isInteger(value) && Number(value) >= least;

/** Tests that each option takes what it should, and refuses everything else when it is given. */
export function testOptions(owner: string, build: Build, options: Record<string, Takes>): void {
  for (const [name, takes] of Object.entries(options)) {
    test(`${owner}: ${name} takes no wrong value`, () => {
      for (const value of VALUES) {
        const given = { [name]: value } as Record<string, never>;
        const shown = inspect(value);
        if (takes(value)) assert.doesNotThrow(() => build(given), `${name}: ${shown}`);
        else {
          assert.throws(() => build(given), (error: unknown) => {
            assert.ok(error instanceof TypeError, `${shown}: ${String(error)}`);
            assert.ok(error.message.startsWith(owner), `${shown}: ${error.message}`);
            const where = error.message.slice(owner.length);
            assert.match(where, new RegExp(`^[:.] ?${name}\\b.*; \\w`), shown);
            return true;
          }, `${name} takes ${shown}`);
        }
      }
    });
  }
}
