/** Mounts, in process: how the cost grows with their number and with the depth of their nest. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Handler } from "handwerk";
import { costs } from "../support/in_process.ts";
import { onEach, runtimeHere } from "../support/on_each.ts";
import { digits, matches, type Options, print, type Table } from "../support/options.ts";

interface Dispatcher {
  readonly name: string;
  /** Mounts the leaf on each of the paths. */
  readonly table: (paths: readonly string[], leaf: Handler) => Handler;
  /** Mounts a handler on one path. */
  readonly mount: (path: string, handler: Handler) => Handler;
}

const response = new Response("ok");
const leaf: Handler = () => response;

export const dispatchSuite = (options: Options): Promise<readonly Table[]> =>
  onEach("dispatch", options, measureHere);

async function measureHere(options: Options): Promise<readonly Table[]> {
  const folder = join(import.meta.dirname, "..", "contenders", "dispatch");
  const all = await Promise.all(
    readdirSync(folder).toSorted().map((file) => import(join(folder, file)) as Promise<Dispatcher>),
  );
  const dispatchers = all.filter(({ name }) => matches(name, options.only));
  const measure = async (
    title: string,
    columns: readonly number[],
    make: (dispatcher: Dispatcher, size: number) => Handler,
    path: (size: number) => string,
  ): Promise<Table> => {
    const times: Readonly<Record<string, number>>[] = [];
    for (const size of columns) {
      const handlers = dispatchers.map((dispatcher) => [dispatcher.name, make(dispatcher, size)]);
      const url = `http://localhost:3000${path(size)}/page?q=1`;
      times.push(await costs(Object.fromEntries(handlers), url, options.rounds));
    }
    return print({
      title: `dispatch on ${runtimeHere()}: ${title}, ns/request`,
      columns: ["contender", ...columns.map(String)],
      rows: dispatchers.map(({ name }) =>
        [name].concat(times.map((by) => digits(by[name] ?? NaN)))
      ),
      note: "A fresh request each time, and a handler that returns the same response.",
    });
  };
  const paths = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `/mount${i}/app`);
  const nested = ({ mount }: Dispatcher, depth: number): Handler =>
    Array.from({ length: depth }, (_, i) => `/m${i + 1}`)
      .reduceRight((handler, path) => mount(path, handler), leaf);
  return [
    await measure(
      "number of mounts, the last one asked for",
      [1, 10, 100, 1000],
      ({ table }, count) => table(paths(count), leaf),
      (count) => `/mount${count - 1}/app`,
    ),
    await measure(
      "number of mounts, none asked for",
      [1, 10, 100, 1000],
      ({ table }, count) => table(paths(count), leaf),
      () => "/elsewhere/app",
    ),
    await measure(
      "depth of the nest",
      [1, 2, 3, 4, 5],
      nested,
      (depth) => Array.from({ length: depth }, (_, i) => `/m${i + 1}`).join(""),
    ),
  ];
}
