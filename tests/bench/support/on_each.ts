/** Suites without sockets: each runtime measures in a process of its own. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Options, Table } from "./options.ts";
import { commands, temporaryFolder } from "./processes.ts";

const { bun, deno } = process.versions;
const here = bun ? "bun" : deno ? "deno" : "node";

/** The runtime that runs this, with its version. */
export const runtimeHere = (): string => `${here} ${process.versions[here]}`;

/** Measures on every runtime that is asked for; another one runs the bench itself for that. */
export async function onEach(
  suite: string,
  options: Options,
  measure: (options: Options) => Promise<readonly Table[]>,
): Promise<readonly Table[]> {
  const tables: Table[] = [];
  for (const runtime of Object.keys(commands)) {
    if ((options.runtime ?? runtime) !== runtime) continue;
    tables.push(...runtime === here ? await measure(options) : elsewhere(runtime, suite, options));
  }
  return tables;
}

function elsewhere(runtime: string, suite: string, options: Options): readonly Table[] {
  const [bin = "", ...flags] = commands[runtime] ?? [];
  const json = join(temporaryFolder(), "tables.json");
  const args = [suite, "--runtime", runtime, "--rounds", String(options.rounds), "--json", json];
  if (options.only) args.push("--only", options.only.join());
  if (options.rows) args.push("--rows", options.rows.join());
  const script = fileURLToPath(new URL("../run.ts", import.meta.url));
  const { error, status } = spawnSync(bin, [...flags, script, ...args], { stdio: "inherit" });
  if (status === 0) {
    return (JSON.parse(readFileSync(json, "utf8")) as { tables: readonly Table[] }).tables;
  }
  console.log(`${runtime} is left out: ${error?.message ?? `it ended with ${status}`}`);
  return [];
}
