/** Load: the same request over several connections for some time, by wrk or by autocannon. */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./processes.ts";

export interface Shot {
  readonly port: number;
  readonly path: string;
  readonly method: string;
  readonly fields: Readonly<Record<string, string>>;
  /** How many bytes of content to send. */
  readonly upload: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface Load {
  readonly requests: number;
  readonly seconds: number;
  /** Answers with another status than 2xx or 3xx, and connections that failed. */
  readonly odd: number;
  readonly failed: number;
  /** Bytes received, heads included. */
  readonly bytes: number;
  /** The time within which 99 of 100 answers came, in milliseconds. */
  readonly p99: number;
}

const hasWrk = !spawnSync("wrk", ["-v"]).error;
const hasTaskset = !spawnSync("taskset", ["-V"]).error;

export const loadGenerator = (): string => hasWrk ? "wrk" : "autocannon";

export const load = (shot: Shot): Promise<Load> => hasWrk ? byWrk(shot) : byAutocannon(shot);

async function byWrk(shot: Shot): Promise<Load> {
  const { port, path, method, fields, upload, connections, seconds } = shot;
  const args = ["-t1", `-c${connections}`, `-d${seconds}`, "--latency", "--timeout", "30"];
  for (const [name, value] of Object.entries(fields)) args.push("-H", `${name}: ${value}`);
  if (method !== "GET") {
    const script = join(temporaryFolder(), "request.lua");
    writeFileSync(script, `wrk.method = "${method}"\nwrk.body = string.rep("x", ${upload})\n`);
    args.push("-s", script);
  }
  const command = [...(hasTaskset ? ["taskset", "-c", "1"] : []), "wrk", ...args];
  const text = await output([...command, `http://127.0.0.1:${port}${path}`]);
  const found = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  const [, late = "0", unit = "ms"] = /99%\s+([\d.]+)(us|ms|s|m)/.exec(text) ?? [];
  const [, size = "0", of = "B"] = /, ([\d.]+)(B|KB|MB|GB) read/.exec(text) ?? [];
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  return {
    requests: found(/(\d+) requests in/),
    seconds: found(/requests in ([\d.]+)s/),
    odd: found(/Non-2xx or 3xx responses: (\d+)/),
    failed: (errors ?? []).slice(1).reduce((sum, count) => sum + Number(count), 0),
    bytes: Number(size) * 1024 ** ["B", "KB", "MB", "GB"].indexOf(of),
    p99: Number(late) * ({ us: 0.001, ms: 1, s: 1000, m: 60_000 }[unit] ?? NaN),
  };
}

function output([bin = "", ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(bin, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.on("error", reject).on("close", () => resolve(text));
  });
}

/** A program in JavaScript, which is slower than many contenders: rates are its own then. */
async function byAutocannon(shot: Shot): Promise<Load> {
  const { port, path, method, fields, upload, connections, seconds } = shot;
  const args = ["-j", "-n", "-c", String(connections), "-d", String(seconds), "-t", "30"];
  args.push("-m", method);
  for (const [name, value] of Object.entries(fields)) args.push("-H", `${name}=${value}`);
  if (upload > 0) {
    const content = join(temporaryFolder(), "content");
    writeFileSync(content, "x".repeat(upload));
    args.push("-i", content);
  }
  const program = [process.execPath, fileURLToPath(import.meta.resolve("autocannon"))];
  const command = [...(hasTaskset ? ["taskset", "-c", "1"] : []), ...program, ...args];
  const text = await output([...command, `http://127.0.0.1:${port}${path}`]);
  // It keeps each answer as a string, and dies of one that is longer than any string can be.
  if (text === "") return { requests: 0, seconds, odd: 0, failed: 1, bytes: 0, p99: NaN };
  const result = JSON.parse(text) as {
    requests: { total: number };
    throughput: { total: number };
    latency: { p99: number };
    duration: number;
    non2xx: number;
    "3xx": number;
    errors: number;
    resets: number;
  };
  return {
    requests: result.requests.total,
    seconds: result.duration,
    odd: result.non2xx - result["3xx"],
    failed: result.errors + result.resets, // timeouts are among the errors
    bytes: result.throughput.total,
    p99: result.latency.p99,
  };
}
