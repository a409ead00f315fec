/**
 * What the debugger reads of the process: the environment, the terminal and source files.
 *
 * @module
 */
import { builtinIfAny, isPermitted, runtimeName } from "../runtime.ts";

/** The members of `process` that are used here. */
interface Process {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stderr?: { readonly isTTY?: boolean };
  readonly cwd?: () => string;
}

/** Larger files are not read for an excerpt. */
const MOST_BYTES = 32 * 1024 * 1024;

/** The process, as far as the debugger needs it. */
export interface Platform {
  /** A variable of the environment; `undefined` also where it may not be read. */
  variable(name: string): string | undefined;
  /** Whether requests come through Cloudflare's network, which sets the client's address. */
  readonly edge: boolean;
  /** Whether the standard error is a terminal that shows colours. */
  readonly colours: boolean;
  /** The working directory, or `""`. */
  readonly directory: string;
  /** The text of a file, or `undefined` if it cannot be read. */
  readText(file: string): Promise<string | undefined>;
}

/** Reads the process; only when it is called, never at import. */
export function readPlatform(): Platform {
  const { process } = globalThis as { readonly process?: Process };
  const variable = (name: string): string | undefined =>
    isPermitted({ name: "env", variable: name }) ? process?.env?.[name] : undefined;
  const edge = runtimeName() === "Workers";
  return {
    variable,
    edge,
    colours: process?.stderr?.isTTY === true && !variable("NO_COLOR"),
    directory: !edge && isPermitted({ name: "read", path: "." }) ? process?.cwd?.() ?? "" : "",
    async readText(file) {
      const fs = builtinIfAny("node:fs");
      if (!fs) return undefined;
      for (const path of edge ? bundled(file) : [file]) {
        if (!isPermitted({ name: "read", path })) continue;
        const stat = await fs.promises.stat(path).catch(() => undefined);
        if (!stat?.isFile() || stat.size > MOST_BYTES) continue;
        return await fs.promises.readFile(path, "utf8").catch(() => undefined);
      }
      return undefined;
    },
  };
}

/**
 * The paths where a module of a Worker may be. Its bundle is in one folder, but a stack has its path
 * on the machine that built it.
 */
function bundled(file: string): string[] {
  const segments = file.split("/").filter(Boolean);
  return segments.map((_, i) => `/bundle/${segments.slice(i).join("/")}`);
}
