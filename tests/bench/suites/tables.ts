/** Curves of tables, in process: what a request costs as a configuration grows. */
import { dispatch, type Handler, notFound, proxy, serveStatic, type Transport } from "handwerk";
import { mountAware } from "../../../src/mount.ts";
import { growth } from "../support/fit.ts";
import { costs } from "../support/in_process.ts";
import { onEach, runtimeHere } from "../support/on_each.ts";
import { digits, matches, type Options, print, type Table } from "../support/options.ts";

interface Curve {
  readonly counts: readonly number[];
  /** Makes a handler with so many entries, of which the last one takes `/path0`. */
  readonly make: (count: number) => Handler;
}

const response = new Response(null);
const leaf: Handler = mountAware(() => response);
/** The paths are as long at every size, and the one that is asked for is the last. */
const table = <T>(count: number, value: () => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`/path${count - 1 - i}`, value()]));
const answered = { status: 204, reason: "", fields: [], body: null };
const transport: Transport = {
  capabilities: new Set(),
  send: () => Promise.resolve(answered),
};
const upTo100 = [1, 3, 10, 30, 100];

const curves: Readonly<Record<string, Curve>> = {
  mounts: {
    counts: [1, 10, 100, 1000, 10_000],
    make: (count) => dispatch(table(count, () => leaf))(leaf),
  },
  exports: {
    counts: upTo100,
    // What is found would cost more than finding it, so that nothing is.
    make: (count) => serveStatic(table(count, () => ({ find: () => undefined })))(leaf),
  },
  targets: {
    counts: upTo100,
    make: (count) => proxy(table(count, () => "http://127.0.0.1:9/"), { transport })(notFound),
  },
  upstreams: {
    counts: upTo100,
    make: (count) => {
      const target = Array.from({ length: count }, (_, i) => `http://127.0.0.1:${i + 1}/`);
      return proxy({ "/path0": { target } }, { transport })(notFound);
    },
  },
};

export const tablesSuite = (options: Options): Promise<readonly Table[]> =>
  onEach("tables", options, measureHere);

async function measureHere(options: Options): Promise<readonly Table[]> {
  const tables: Table[] = [];
  for (const [name, { counts, make }] of Object.entries(curves)) {
    if (!matches(name, options.rows)) continue;
    const handlers = counts.map((count) => [String(count), make(count)] as const);
    const again = `${counts[0]} again`;
    const all = Object.fromEntries([...handlers, [again, make(counts[0] ?? 1)]]);
    const times = await costs(all, "http://localhost:3000/path0", options.rounds);
    const points = counts.map((count) => [count, times[String(count)] ?? NaN] as const);
    const noise = Math.abs((times[again] ?? NaN) / (points[0]?.[1] ?? NaN) - 1) * 100;
    tables.push(print({
      title: `growth on ${runtimeHere()}: ${name}, the last one asked for, in process`,
      columns: [name, "ns/request"],
      rows: points.map(([count, time]) => [count, digits(time)]),
      note: `${growth(points, "ns", name)} Two handlers that are alike differ by ` +
        `${digits(noise)} %.`,
    }));
  }
  return tables;
}
