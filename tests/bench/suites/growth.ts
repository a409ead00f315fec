/** Curves: what a request costs as connections, sizes and tables grow. */
import { closeSync, ftruncateSync, openSync } from "node:fs";
import { join } from "node:path";
import { dispatch, type Handler, memory, notFound, proxy, serveStatic } from "../../../src/mod.ts";
import { placed } from "../../../src/mount.ts";
import { costs } from "../support/in_process.ts";
import { load } from "../support/load.ts";
import { digits, matches, type Options, print, type Table } from "../support/options.ts";
import { cleanUp, cpuTime, peakMemory, startAll, temporaryFolder } from "../support/processes.ts";
import { writeSite } from "./static.ts";

const SIZES: readonly (readonly [name: string, bytes: number])[] = [
  ["0", 0],
  ["1 KiB", 2 ** 10],
  ["16 KiB", 2 ** 14],
  ["256 KiB", 2 ** 18],
  ["4 MiB", 2 ** 22],
  ["64 MiB", 2 ** 26],
  ["1 GiB", 2 ** 30],
];

export async function growthSuite(options: Options): Promise<readonly Table[]> {
  const tables: Table[] = [];
  const directory = temporaryFolder();
  writeSite(directory);
  for (const [, bytes] of SIZES) {
    const file = openSync(join(directory, `size-${bytes}.bin`), "w");
    ftruncateSync(file, bytes); // sparse: no disk is filled, and none is read
    closeSync(file);
  }
  const only = { ...options, only: ["handwerk"], runtime: "node" };
  const running = await startAll("static", { directory, upstream: "" }, only, "nginx");
  const points: readonly (readonly [string, string, string, number])[] = [
    ...[1, 8, 64, 256, 1000].map((count) =>
      ["connections", `${count}`, "/4k.html", count] as const
    ),
    ...SIZES.map(([name, bytes]) => ["size", name, `/size-${bytes}.bin`, 4] as const),
  ];
  for (const curve of ["connections", "size"]) {
    if (!matches(curve, options.rows)) continue;
    const rows: (string | number)[][] = [];
    for (const [, name, path, connections] of points.filter(([kind]) => kind === curve)) {
      const row: (string | number)[] = [name];
      for (const { port, pid } of running.toReversed()) {
        const bytes = Number(/size-(\d+)/.exec(path)?.[1] ?? 4096);
        const seconds = options.seconds * (bytes > 2 ** 25 ? 4 : 2);
        const before = cpuTime(pid);
        const done = await load({
          port,
          path,
          method: "GET",
          fields: {},
          upload: 0,
          connections,
          seconds,
        });
        const amount = bytes > 2 ** 20 ? done.bytes / bytes : done.requests;
        row.push(digits((cpuTime(pid) - before) / amount), digits(amount / done.seconds));
        row.push(digits(done.p99), peakMemory(pid));
      }
      rows.push(row);
    }
    const names = running.toReversed().flatMap(({ name }) =>
      ["CPU µs", "requests/s", "p99 ms", "peak MiB"].map((column) => `${name}: ${column}`)
    );
    tables.push(print({
      title: curve === "size"
        ? "growth: size of a file, 4 connections"
        : "growth: connections, 4 KiB",
      columns: [curve, ...names],
      rows,
      note: curve === "size"
        ? "Small files come from memory; of large ones each byte costs the same, and none is kept."
        : "A request costs the same however many wait; they wait longer.",
    }));
  }
  cleanUp();
  return [...tables, ...await tablesOf(options)];
}

const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `/path${i}`);
const leaf: Handler = placed(() => new Response(null));

/** How tables grow, in process: the last of `count` entries is asked for. */
async function tablesOf(options: Options): Promise<readonly Table[]> {
  const curves: Readonly<
    Record<string, readonly [readonly number[], (count: number) => Handler, string]>
  > = {
    mounts: [
      [1, 10, 100, 1000, 10_000],
      (count) => dispatch(Object.fromEntries(many(count).map((path) => [path, leaf])))(leaf),
      "one lookup a segment, however many there are",
    ],
    exports: [
      [1, 10, 100],
      (count) =>
        serveStatic(Object.fromEntries(many(count).map((path) => [path, memory("x")])))(notFound),
      "exports are asked in their order, as each may pass on",
    ],
    upstreams: [
      [1, 10, 100],
      (count) =>
        proxy(Object.fromEntries(many(count).map((path) => [path, "http://127.0.0.1:9/"])), {
          transport: {
            capabilities: new Set(),
            send: () => Promise.resolve({ status: 204, reason: "", fields: [], body: null }),
          },
        })(notFound),
      "one lookup a segment, however many there are",
    ],
  };
  const tables: Table[] = [];
  for (const [name, [counts, make, why]] of Object.entries(curves)) {
    if (!matches(name, options.rows)) continue;
    const rows: (string | number)[][] = [];
    for (const count of counts) {
      const url = `http://localhost:3000/path${count - 1}`;
      const times = await costs({ it: make(count) }, url, options.rounds);
      rows.push([count, digits(times["it"] ?? NaN)]);
    }
    const [title, columns] = [`growth: ${name}, in process`, [name, "ns/request"]];
    tables.push(print({ title, columns, rows, note: `The last one is asked for: ${why}.` }));
  }
  return tables;
}
