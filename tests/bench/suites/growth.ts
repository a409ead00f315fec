/** Curves: what a request costs as connections and files grow; tables are in `tables.ts`. */
import { closeSync, ftruncateSync, openSync } from "node:fs";
import { join } from "node:path";
import { growth, type Point } from "../support/fit.ts";
import { type Load, load, type Shot } from "../support/load.ts";
import { digits, matches, median, type Options, print, type Table } from "../support/options.ts";
import {
  cleanUp,
  cpuTime,
  forgetPeak,
  peakMemory,
  type Running,
  startAll,
  temporaryFolder,
} from "../support/processes.ts";
import { writeSite } from "./static.ts";
import { tablesSuite } from "./tables.ts";

const CONNECTIONS = [1, 4, 16, 64, 256, 1000];
const MIB = 2 ** 20;
const SIZES: readonly (readonly [name: string, bytes: number])[] = [
  ["0", 0],
  ["1 KiB", 2 ** 10],
  ["16 KiB", 2 ** 14],
  ["256 KiB", 2 ** 18],
  ["1 MiB", MIB],
  ["4 MiB", 4 * MIB],
  ["16 MiB", 16 * MIB],
  ["64 MiB", 64 * MIB],
  ["256 MiB", 256 * MIB],
  ["1 GiB", 1024 * MIB],
];

/** A point of a curve, and how it is asked for. */
interface CurvePoint {
  readonly name: string;
  readonly size: number;
  readonly shot: Pick<Shot, "path" | "connections" | "seconds">;
  /** How many answers came. */
  readonly amount: (done: Load) => number;
}

interface Measured {
  readonly cpu: number;
  readonly rate: number;
  readonly p99: number;
  readonly peak: number;
}
type Curve = readonly (Measured & { readonly size: number })[];

export async function growthSuite(options: Options): Promise<readonly Table[]> {
  const directory = temporaryFolder();
  writeSite(directory);
  for (const [, bytes] of SIZES) {
    const file = openSync(join(directory, `size-${bytes}.bin`), "w");
    ftruncateSync(file, bytes); // sparse: no disk is filled, and none is read
    closeSync(file);
  }
  const runtime = options.runtime ?? "node";
  const only = { ...options, only: ["handwerk"], runtime };
  const tables: Table[] = [];
  if (["connections", "size"].some((curve) => matches(curve, options.rows))) {
    const running = (await startAll("static", { directory, upstream: "" }, only, "nginx"))
      .toReversed();
    if (matches("connections", options.rows)) tables.push(await connections(running, options));
    if (matches("size", options.rows)) tables.push(await sizes(running, options));
  }
  cleanUp();
  return [...tables, ...await tablesSuite({ ...options, runtime })];
}

async function connections(running: readonly Running[], options: Options): Promise<Table> {
  const points = CONNECTIONS.map((count) => ({
    name: String(count),
    size: count,
    shot: { path: "/4k.html", connections: count, seconds: 2 * options.seconds },
    amount: ({ requests }: Load) => requests,
  }));
  const { rows, curves } = await measure(points, running, options.rounds);
  return print({
    title: "growth: connections, 4 KiB",
    columns: ["connections", ...columnsOf(running)],
    rows,
    note: explained(running, curves, (curve) => {
      const [one, few] = curve;
      const last = curve.at(-1);
      const by = (what: keyof Measured): string =>
        digits((last?.[what] ?? NaN) / (few?.[what] ?? NaN));
      return `One connection alone takes ${digits((one?.cpu ?? NaN) / (few?.cpu ?? NaN))} times ` +
        `the processor time of ${few?.size}. ` +
        growth(curve.slice(1).map(({ size, cpu }) => [size, cpu]), "µs", "connections") +
        ` The wait of the slowest of 100 changes by a factor of ${by("p99")}, the memory by one ` +
        `of ${by("peak")}.`;
    }),
  });
}

async function sizes(running: readonly Running[], options: Options): Promise<Table> {
  const points = SIZES.map(([name, bytes]) => ({
    name,
    size: bytes / MIB,
    shot: {
      path: `/size-${bytes}.bin`,
      connections: 4,
      seconds: options.seconds * (bytes > 32 * MIB ? 6 : 2),
    },
    // Of large ones, parts count as parts.
    amount: ({ requests, bytes: came }: Load) => bytes >= MIB ? came / bytes : requests,
  }));
  const { rows, curves } = await measure(points, running, options.rounds);
  return print({
    title: "growth: size of a file, 4 connections",
    columns: ["size", ...columnsOf(running)],
    rows,
    // Up to 1 MiB handwerk answers from memory.
    note: explained(running, curves, (curve) => {
      const part = (from: number, to: number): readonly Point[] =>
        curve.filter(({ size }) => size >= from && size <= to).map(({ size, cpu }) => [size, cpu]);
      const peaks = curve.filter(({ size }) => size >= 4).map(({ peak }) => peak);
      return `${growth(part(0, 1), "µs", "MiB")} ${growth(part(4, Infinity), "µs", "MiB")} ` +
        `From 4 MiB on the memory is ${Math.min(...peaks)}–${Math.max(...peaks)} MiB.`;
    }),
  });
}

/** Asks every contender at every point, round by round. */
async function measure(
  points: readonly CurvePoint[],
  running: readonly Running[],
  rounds: number,
): Promise<{ rows: Table["rows"]; curves: readonly Curve[] }> {
  const all = running.map((contender) =>
    points.map(({ size }) => ({ contender, size, rounds: [] as Measured[] }))
  );
  for (let round = -1; round < rounds; round++) { // the first warms up
    for (const [at, { shot, amount }] of points.entries()) {
      for (const point of all.map((curve) => curve[at])) {
        if (!point) continue;
        const { port, pid } = point.contender;
        const seconds = round < 0 ? 1 : shot.seconds;
        forgetPeak(pid);
        const before = cpuTime(pid);
        const done = await load({ port, method: "GET", fields: {}, upload: 0, ...shot, seconds });
        const good = done.failed === 0 && done.odd === 0 ? amount(done) : NaN;
        const [cpu, rate] = [(cpuTime(pid) - before) / good, good / done.seconds];
        if (round >= 0) point.rounds.push({ cpu, rate, p99: done.p99, peak: peakMemory(pid) });
      }
    }
  }
  const curves = all.map((curve) =>
    curve.map(({ size, rounds }) => {
      const of = (what: keyof Measured): number => median(rounds.map((round) => round[what]));
      return { size, cpu: of("cpu"), rate: of("rate"), p99: of("p99"), peak: of("peak") };
    })
  );
  const rows = points.map(({ name }, at) => [
    name,
    ...curves.flatMap((curve) =>
      (["cpu", "rate", "p99", "peak"] as const).map((what) => digits(curve[at]?.[what] ?? NaN))
    ),
  ]);
  return { rows, curves };
}

const columnsOf = (running: readonly Running[]): string[] =>
  running.flatMap(({ name }) =>
    ["CPU µs", "requests/s", "p99 ms", "peak MiB"].map((column) => `${name}: ${column}`)
  );

const explained = (
  running: readonly Running[],
  curves: readonly Curve[],
  words: (curve: Curve) => string,
): string => running.map(({ name }, i) => `${name}: ${words(curves[i] ?? [])}`).join("\n\n");
