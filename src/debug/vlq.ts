/**
 * Numbers as source maps write them: base 64 digits of five bits each, the sign in the lowest bit
 * (ECMA-426 §5.2).
 *
 * @module
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES: ReadonlyMap<string, number> = new Map(
  Array.from(DIGITS, (digit, i) => [digit, i]),
);

/** Reads the numbers of one segment; `undefined` when it is none, or when a number is too large. */
export function decodeNumbers(segment: string): number[] | undefined {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = VALUES.get(digit);
    if (bits === undefined || shift > 30) return undefined;
    // Not `<<`, which would lose the 32nd bit to the sign.
    value += (bits & 31) * 2 ** shift;
    shift += 5;
    if (bits & 32) continue;
    const magnitude = Math.floor(value / 2);
    numbers.push(value % 2 === 1 ? 0 - magnitude : magnitude);
    value = 0;
    shift = 0;
  }
  return shift === 0 ? numbers : undefined;
}
