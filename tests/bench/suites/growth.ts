/** Curves: what a request costs as connections and files grow; tables are in `tables.ts`. */
import { closeSync, ftruncateSync, openSync } from "node:fs";
import { join } from "node:path";
import { growth, type Point } from "../support/fit.ts";
import { type Load, load } from "../support/load.ts";
import { digits, matches, type Options, print, type Table } from "../support/options.ts";
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

interface Measured {
  readonly cpu: number;
  readonly rate: number;
  readonly p99: number;
  readonly peak: number;
}

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
  const { rows, curves } = await measure(points, running);
  return print({
    title: "growth: connections, 4 KiB",
    columns: ["connections", ...columnsOf(running)],
    rows,
    note: explained(running, curves, (curve) => {
      const cpu = growth(curve.map(([count, { cpu }]) => [count, cpu]), "µs", "connections");
      const [first, last] = [curve[0]?.[1], curve.at(-1)?.[1]];
      const memory = (last?.peak ?? NaN) - (first?.peak ?? NaN);
      const wait = (last?.p99 ?? NaN) / (first?.p99 ?? NaN);
      return `${cpu} The wait of the slowest of 100 changes by a factor of ${digits(wait)}, the ` +
        `memory by ${digits(memory)} MiB.`;
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
  const { rows, curves } = await measure(points, running);
  return print({
    title: "growth: size of a file, 4 connections",
    columns: ["size", ...columnsOf(running)],
    rows,
    // Up to 1 MiB handwerk answers from memory.
    note: explained(running, curves, (curve) => {
      const part = (from: number, to: number): readonly Point[] =>
        curve.filter(([mib]) => mib >= from && mib <= to).map(([mib, { cpu }]) => [mib, cpu]);
      const peaks = curve.filter(([mib]) => mib >= 4).map(([, { peak }]) => peak);
      return `${growth(part(0, 1), "µs", "MiB")} ${growth(part(4, Infinity), "µs", "MiB")} ` +
        `From 4 MiB on the memory is ${Math.min(...peaks)}–${Math.max(...peaks)} MiB.`;
    }),
  });
}

/** Asks every contender at every point, one after the other. */
async function measure(
  points: readonly {
    readonly name: string;
    readonly size: number;
    readonly shot: { path: string; connections: number; seconds: number };
    readonly amount: (done: Load) => number;
  }[],
  running: readonly Running[],
): Promise<{ rows: Table["rows"]; curves: Map<Running, [number, Measured][]> }> {
  const rows: (string | number)[][] = [];
  const curves = new Map<Running, [number, Measured][]>(running.map((one) => [one, []]));
  for (const { name, size, shot, amount } of points) {
    const row: (string | number)[] = [name];
    for (const contender of running) {
      const { port, pid } = contender;
      const plain = { port, method: "GET", fields: {}, upload: 0 };
      await load({ ...plain, ...shot, seconds: 1 }); // warms up
      forgetPeak(pid);
      const before = cpuTime(pid);
      const done = await load({ ...plain, ...shot });
      const good = done.failed === 0 && done.odd === 0 ? amount(done) : NaN;
      const point = {
        cpu: (cpuTime(pid) - before) / good,
        rate: good / done.seconds,
        p99: done.p99,
        peak: peakMemory(pid),
      };
      curves.get(contender)?.push([size, point]);
      row.push(digits(point.cpu), digits(point.rate), digits(point.p99), point.peak);
    }
    rows.push(row);
  }
  return { rows, curves };
}

const columnsOf = (running: readonly Running[]): string[] =>
  running.flatMap(({ name }) =>
    ["CPU µs", "requests/s", "p99 ms", "peak MiB"].map((column) => `${name}: ${column}`)
  );

const explained = (
  running: readonly Running[],
  curves: ReadonlyMap<Running, readonly [number, Measured][]>,
  words: (curve: readonly [number, Measured][]) => string,
): string => running.map((one) => `${one.name}: ${words(curves.get(one) ?? [])}`).join("\n\n");
