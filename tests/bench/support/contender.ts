/** What a contender is: one file under `contenders/<suite>/` that exports these. */
import { readFileSync } from "node:fs";

/** Where a contender finds what it serves. */
export interface Site {
  /** A directory with the files of the suite. */
  readonly directory: string;
  /** The origin of the upstream server, where the suite has one. */
  readonly upstream: string;
}

/** Where it listens on 127.0.0.1, and which process does the work if not its own. */
export interface Listening {
  readonly port: number;
  readonly pid?: number | undefined;
}

export interface Contender {
  readonly name: string;
  readonly version: string;
  readonly runtime: "node" | "deno" | "bun";
  readonly start: (site: Site) => Promise<Listening>;
}

/** The version of an installed package. */
export function versionOf(name: string): string {
  const manifest = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

/** The version of handwerk. */
export function ownVersion(): string {
  const manifest = new URL("../../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
