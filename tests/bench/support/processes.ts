/** Contenders as processes, and what the kernel accounts to them. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Site } from "./contender.ts";
import { matches, type Options } from "./options.ts";

export interface Running {
  readonly name: string;
  readonly runtime: string;
  readonly version: string;
  readonly port: number;
  readonly pid: number;
}

const children = new Set<ChildProcess>();
const folders = new Set<string>();

/** A directory that is removed in the end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "handwerk-bench-"));
  folders.add(folder);
  return folder;
}

/** Stops all contenders and removes what was written. */
export function cleanUp(): void {
  for (const child of children) child.stdin?.end();
  children.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** The command that runs a TypeScript file on a runtime. */
export const commands: Readonly<Record<string, readonly string[]>> = {
  node: [process.execPath],
  deno: ["deno", "run", "--allow-all", "--no-check", "--quiet"],
  bun: ["bun"],
};
const installed = (command: string): boolean => !spawnSync(command, ["--version"]).error;
/** What comes before a command, so that it runs on one core. */
export const pinned = (core: number): readonly string[] =>
  installed("taskset") ? ["taskset", "-c", String(core)] : [];

/** Starts the contenders of a suite that were asked for, the reference first. */
export async function startAll(
  suite: string,
  site: Site,
  options: Options,
  reference: string,
): Promise<readonly Running[]> {
  const folder = join(import.meta.dirname, "..", "contenders", suite);
  const running: Running[] = [];
  for (const file of readdirSync(folder).toSorted()) {
    const path = join(folder, file);
    // Not imported: it may need another runtime.
    const source = readFileSync(path, "utf8");
    const told = (what: string): string =>
      new RegExp(`^export const ${what} = "([^"]+)"`, "m").exec(source)?.[1] ?? "";
    const [name, runtime] = [told("name"), told("runtime")];
    const chosen = matches(name, options.only) && (options.runtime ?? runtime) === runtime;
    if (!chosen && name !== reference) continue;
    try {
      running.push(await start(path, runtime, site));
    } catch (error) {
      console.log(`${name} (${runtime}) is left out: ${(error as Error).message}`);
    }
  }
  return running.toSorted((a, b) => Number(b.name === reference) - Number(a.name === reference));
}

/** Starts one contender on core 0. */
async function start(path: string, runtime: string, site: Site): Promise<Running> {
  const command = commands[runtime] ?? [];
  if (!installed(command[0] ?? "")) throw new Error(`${runtime} is not installed`);
  const script = join(import.meta.dirname, "serve.ts");
  const line = [...pinned(0), ...command, script, path, JSON.stringify(site)];
  const child = spawn(line[0] as string, line.slice(1), {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NO_COLOR: "1" },
  });
  children.add(child);
  let complaint = "";
  child.stderr.on(
    "data",
    (text: Buffer) => (complaint = `${complaint}${text.toString()}`.slice(0, 500)),
  );
  return await new Promise<Running>((resolve, reject) => {
    child.once("exit", () => reject(new Error(complaint.trim().split("\n", 1)[0] || "it ended")));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{")) resolve({ ...JSON.parse(line) as Running, runtime });
    });
  });
}

/** Microseconds of processor time that a process has had. */
export function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  // proc(5): utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Lets the most memory that a process has had be what it has now, where the kernel allows that. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5"); // proc(5)
  } catch {
    // Then it is the most since the start.
  }
}

/** The most memory that a process has had, in MiB. */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
