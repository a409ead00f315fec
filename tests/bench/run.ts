/**
 * The bench: `npm run bench -- [suite …] [--only name,…] [--rows name,…] [--rounds n] [--seconds n]
 * [--runtime node|deno|bun] [--json file]`.
 *
 * Every contender is a process of its own on core 0, the load comes from core 1. Contenders take
 * turns, round by round, and an answer is checked before it counts. The figures to trust are the
 * processor time of a request, and ratios within one run. Markdown goes to standard output.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { dispatchSuite } from "./suites/dispatch.ts";
import { growthSuite } from "./suites/growth.ts";
import { hostSuite } from "./suites/host.ts";
import { middlewareSuite } from "./suites/middleware.ts";
import { proxySuite } from "./suites/proxy.ts";
import { startSuite } from "./suites/start.ts";
import { tablesSuite } from "./suites/tables.ts";
import { staticSuite } from "./suites/static.ts";
import { loadGenerator } from "./support/load.ts";
import { runtimeHere } from "./support/on_each.ts";
import type { Options, Table } from "./support/options.ts";
import { cleanUp } from "./support/processes.ts";

const suites: Readonly<Record<string, (options: Options) => Promise<readonly Table[]>>> = {
  dispatch: dispatchSuite,
  middleware: middlewareSuite,
  host: hostSuite,
  static: staticSuite,
  proxy: proxySuite,
  start: startSuite,
  growth: growthSuite, // with tables
  tables: tablesSuite,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    rows: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    runtime: { type: "string" },
    json: { type: "string" },
  },
});
const list = (text: string | undefined): readonly string[] | undefined =>
  text?.split(",").map((name) => name.trim());
const options: Options = {
  only: list(values.only),
  rows: list(values.rows),
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  runtime: values.runtime,
};
if (!(options.rounds >= 1 && options.seconds >= 1)) {
  throw new TypeError("bench: rounds and seconds are whole numbers from 1 on");
}
const unknown = positionals.filter((name) => !(name in suites));
if (unknown.length > 0) {
  throw new TypeError(
    `bench: no suite ${unknown.join(", ")}; there are ${Object.keys(suites).join(", ")}`,
  );
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    cleanUp();
    process.exit(130);
  });
}
process.once("exit", cleanUp);

const about = `${new Date().toISOString().slice(0, 16)}Z, ${runtimeHere()}, ` +
  `${availableParallelism()} × ${cpus()[0]?.model}, load by ${loadGenerator()}`;
console.log(about);
const tables: Table[] = [];
for (const [name, suite] of Object.entries(suites)) {
  if (
    positionals.length === 0 ? name === "growth" || name === "tables" : !positionals.includes(name)
  ) continue;
  for (const table of await suite(options)) tables.push(table);
}
if (values.json) writeFileSync(values.json, JSON.stringify({ about, tables }, null, 2));
process.exit(0);
