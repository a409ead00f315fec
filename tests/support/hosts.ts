/** Hosts as processes of their own, which tell their port and stop as Ctrl-C stops them. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { temporary } from "./temp.ts";

export interface Host {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a process, waits until it tells its port, and stops it as Ctrl-C does. */
export async function start(
  tells: RegExp,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Host> {
  const child: ChildProcess = spawn(command, args, {
    env: { ...process.env, PORT: "0", NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const port = await new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = tells.exec(output);
      if (match) resolve(Number(match[1]));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${command} ${args.join(" ")} ended:\n${output}`)));
  });
  return {
    port,
    stop: () =>
      new Promise((resolve, reject) => {
        child.removeAllListeners("exit");
        child.once("exit", (code, signal) =>
          code === 0 || (signal === "SIGINT" && command === "workerd")
            ? resolve()
            : reject(new Error(`exit ${code ?? signal}:\n${output}`)));
        child.kill("SIGINT");
      }),
  };
}

/**
 * Starts workerd itself: what stands in front of it elsewhere would hide what it makes of requests.
 *
 * @param bound Another Worker, which the first knows as `SERVICE`.
 */
export async function startWorker(path: string, upstream: string, bound?: string): Promise<Host> {
  const binding = `(name = "UPSTREAM", text = ${JSON.stringify(upstream)})`;
  const worker = (name: string, bindings: string): string =>
    `(name = "${name}", worker = (
      modules = [(name = "worker.mjs", esModule = embed "${name}.mjs")],
      compatibilityDate = "2026-07-30",
      bindings = [${bindings}],
    )),`;
  const folder = temporary({
    "site.mjs": (await bundle({ path })).text,
    "bound.mjs": bound === undefined ? "" : (await bundle({ path: bound })).text,
    "config.capnp": `using Workerd = import "/workerd/workerd.capnp";
      const config :Workerd.Config = (
        services = [
          ${worker("site", bound ? `${binding}, (name = "SERVICE", service = "bound")` : binding)}
          ${bound ? worker("bound", binding) : ""}
          (name = "internet", network = (allow = ["private", "public"])),
        ],
        sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "site")],
      );`,
  });
  return start(/"port":(\d+)/, "workerd", [
    "serve",
    join(folder, "config.capnp"),
    "--control-fd=1",
  ]);
}

const told = /port (\d+)/;
const deno = ["run", "--no-check", "--quiet", "-A"];
/** The hosts of tests/hosts/relays, each with a proxy at `/live` in front of an upstream. */
export const relays: Record<string, (upstream: string) => Promise<Host>> = {
  Node: (UPSTREAM) => start(told, process.execPath, ["tests/hosts/relays/node.ts"], { UPSTREAM }),
  Deno: (UPSTREAM) => start(told, "deno", [...deno, "tests/hosts/relays/deno.ts"], { UPSTREAM }),
  Bun: (UPSTREAM) => start(told, "bun", ["tests/hosts/relays/bun.ts"], { UPSTREAM }),
  Workers: (upstream) => startWorker("tests/hosts/relays/workers.ts", upstream),
  "node:http of Deno": (UPSTREAM) =>
    start(told, "deno", [...deno, "tests/hosts/relays/node.ts"], { UPSTREAM }),
  "node:http of Bun": (UPSTREAM) =>
    start(told, "bun", ["tests/hosts/relays/node.ts"], { UPSTREAM }),
};
