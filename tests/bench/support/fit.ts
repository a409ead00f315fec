/** What a curve comes to: words that are computed, so that they hold for every run. */
import { digits } from "./options.ts";

/** A size, and what a request costs there. */
export type Point = readonly [size: number, cost: number];

interface Line {
  readonly base: number;
  readonly each: number;
  /** By how much the point that is farthest from the line is off, as a part of its cost. */
  readonly worst: number;
}

/** The line that is least wrong, by parts of each cost: else the largest would decide alone. */
export function fit(points: readonly Point[]): Line {
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
  for (const [x, y] of points) {
    const weight = 1 / y ** 2;
    [w, wx, wy] = [w + weight, wx + weight * x, wy + weight * y];
    [wxx, wxy] = [wxx + weight * x * x, wxy + weight * x * y];
  }
  const each = (w * wxy - wx * wy) / (w * wxx - wx ** 2);
  const base = (wy - each * wx) / w;
  const worst = Math.max(...points.map(([x, y]) => Math.abs(base + each * x - y) / y));
  return { base, each, worst };
}

/** Tells how a cost grows from the first point to the last, and how straight. */
export function growth(points: readonly Point[], unit: string, thing: string): string {
  const known = points.filter(([, cost]) => cost > 0);
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last || known.length < 3) return `Too little was measured to tell of a growth.`;
  const { base, each, worst } = fit(known);
  return `From ${first[0]} to ${last[0]} ${thing} the cost changes by a factor of ` +
    `${digits(last[1] / first[1])}. The nearest line is ${digits(base)} ${unit} and ` +
    `${digits(each)} ${unit} for each; the point farthest from it is ${digits(worst * 100)} % off.`;
}
