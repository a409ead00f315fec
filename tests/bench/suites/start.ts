/**
 * What an import costs: fresh Node processes that import what serves files and proxies, one after
 * the other on one core, and do nothing else.
 */
import { spawnSync } from "node:child_process";
import { digits, matches, median, type Options, print, type Table } from "../support/options.ts";
import { pinned } from "../support/processes.ts";

const BARE = "node, no import";
const REFERENCE = "hono, its Node server, serve-static and proxy";
const contenders: Readonly<Record<string, readonly string[]>> = {
  [BARE]: [],
  [REFERENCE]: ["hono", "@hono/node-server", "@hono/node-server/serve-static", "hono/proxy"],
  "handwerk and handwerk/node": ["handwerk", "handwerk/node"],
  "handwerk": ["handwerk"],
  "sirv, httpxy and node:http": ["sirv", "httpxy", "node:http"],
};

/** Starts of each contender in a round. */
const STARTS = 10;

interface Cost {
  /** Milliseconds from the start of the process until everything is imported. */
  readonly wall: number;
  /** Milliseconds of processor time, all threads. */
  readonly cpu: number;
}

function start(imports: readonly string[]): Cost {
  const code = `${imports.map((name) => `import ${JSON.stringify(name)};`).join("\n")}
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ wall: performance.now(), cpu: (user + system) / 1000 }));
    process.exit();`;
  const line = [...pinned(0), process.execPath, "--input-type=module", "--eval", code];
  const { stdout, stderr } = spawnSync(line[0] as string, line.slice(1), { encoding: "utf8" });
  if (stdout === "") throw new Error(`start: ${stderr}`);
  return JSON.parse(stdout) as Cost;
}

export function startSuite({ only, rounds, runtime = "node" }: Options): Promise<readonly Table[]> {
  if (runtime !== "node") return Promise.resolve([]);
  const chosen = Object.entries(contenders).filter(([name]) =>
    name === BARE || name === REFERENCE || matches(name, only)
  );
  const costs = new Map(chosen.map(([name]) => [name, [] as Cost[]]));
  for (let i = 0; i < rounds * STARTS; i++) {
    for (const [name, imports] of chosen) costs.get(name)?.push(start(imports));
  }
  const middle = (name: string, key: keyof Cost): number =>
    median((costs.get(name) ?? []).map((cost) => cost[key]));
  const added = (name: string, key: keyof Cost): number => middle(name, key) - middle(BARE, key);
  const ratio = (name: string, key: keyof Cost): string =>
    name === BARE ? "—" : digits(added(name, key) / added(REFERENCE, key));
  const rows = chosen.map(([name]) => [
    name,
    digits(middle(name, "wall")),
    digits(middle(name, "cpu")),
    digits(added(name, "wall")),
    digits(added(name, "cpu")),
    ratio(name, "wall"),
    ratio(name, "cpu"),
  ]);
  return Promise.resolve([print({
    title: `start on node: imports in a fresh process, ms`,
    columns: ["imports", "time", "CPU", "time added", "CPU added", "× hono, time", "× hono, CPU"],
    rows,
    note:
      `Medians of ${rounds * STARTS} processes each, which take turns. Added is what a process ` +
      "without imports does not take.",
  })]);
}
