/**
 * What the debugger asks the runtime: its name, the environment, the terminal, and the text of its
 * sources.
 *
 * @module
 */
import { builtinIfAny } from "../runtime.ts";

/** The part of a runtime that is used here. */
interface Runtime {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly stderr?: { readonly isTTY?: boolean };
    readonly cwd?: () => string;
    readonly versions?: Readonly<Record<string, string>>;
  };
  readonly WebSocketPair?: unknown;
  readonly Deno?: {
    readonly permissions: { querySync(descriptor: object): { readonly state: string } };
  };
}

/** Larger files are not read for an excerpt. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Where a program runs, as far as the debugger wants to know. */
export interface Platform {
  /** A variable of the environment; `undefined` where it may not be read, too. */
  variable(name: string): string | undefined;
  /** Whether this is a runtime whose requests come through a network of data centres. */
  readonly edge: boolean;
  /** Whether what is written to the standard error goes to a terminal that shows colours. */
  readonly colours: boolean;
  /** The working directory, or `""`. */
  readonly directory: string;
  /** The text of a file, or `undefined` when there is none to be read. */
  readText(file: string): Promise<string | undefined>;
}

/** The surroundings of this process. Reads them when it is called, and never before. */
export function readPlatform(): Platform {
  const runtime = globalThis as Runtime;
  const { process } = runtime;
  // Deno would stop and ask a person for what is not granted.
  const granted = (descriptor: object): boolean =>
    !runtime.Deno || runtime.Deno.permissions.querySync(descriptor).state === "granted";
  const variable = (name: string): string | undefined =>
    granted({ name: "env", variable: name }) ? process?.env?.[name] : undefined;
  const edge = "WebSocketPair" in globalThis;
  return {
    variable,
    edge,
    colours: process?.stderr?.isTTY === true && !variable("NO_COLOR"),
    directory: !edge && granted({ name: "read", path: "." }) ? process?.cwd?.() ?? "" : "",
    async readText(file) {
      const fs = builtinIfAny("node:fs");
      if (!fs) return undefined;
      for (const path of edge ? bundled(file) : [file]) {
        if (!granted({ name: "read", path })) continue;
        const stat = await fs.promises.stat(path).catch(() => undefined);
        if (!stat?.isFile() || stat.size > MOST_BYTES) continue;
        return await fs.promises.readFile(path, "utf8").catch(() => undefined);
      }
      return undefined;
    },
  };
}

/**
 * Where a module of a Worker may be. Its bundle is in one folder; a stack calls it by its path on
 * the machine that made it.
 */
function bundled(file: string): string[] {
  const segments = file.split("/").filter(Boolean);
  return segments.map((_, i) => `/bundle/${segments.slice(i).join("/")}`);
}

/** What runs this, for people; `"Node"` for nothing that only looks like it. */
export function runtimeName(): "Node" | "Deno" | "Bun" | "Workers" | "unknown" {
  const { process, WebSocketPair } = globalThis as Runtime;
  const versions = process?.versions;
  if (versions?.["deno"]) return "Deno";
  if (versions?.["bun"]) return "Bun";
  if (WebSocketPair !== undefined) return "Workers";
  return versions?.["v8"] && versions["node"] ? "Node" : "unknown";
}
