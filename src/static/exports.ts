/**
 * What is exported where.
 *
 * @module
 */
import { configuredPath } from "../http/path.ts";
import type { Links } from "../runtime/files.ts";
import { fileSystem } from "./directory.ts";
import { isSource, type Source } from "./source.ts";

/** What is exported where: a path of the file system, a `file:` URL, or a source. */
export type Exports =
  | Readonly<Record<string, string | URL | Source>>
  | Iterable<readonly [prefix: string, source: string | URL | Source]>;

/** A checked export. */
export interface Export {
  /** A canonical path without its trailing slash; `""` for the root. */
  readonly prefix: string;
  readonly source: Source;
}

/**
 * Checks the exports, and opens those that are paths.
 *
 * @throws {TypeError} When a prefix is no path, or an exported file or directory does not exist.
 */
export function readExports(exports: Exports, symlinks: Links): readonly Export[] {
  const pairs = Symbol.iterator in exports ? [...exports] : Object.entries(exports);
  return pairs.map(([key, value]) => {
    const option = `serveStatic: the export ${JSON.stringify(key)}`;
    const prefix = configuredPath("serveStatic: the export", key);
    if (isSource(value)) return { prefix, source: value };
    if ((typeof value === "string" && value !== "") || value instanceof URL) {
      return { prefix, source: fileSystem(value, option, symlinks) };
    }
    throw new TypeError(`${option} is ${typeof value}; give a path, a file: URL or a source`);
  });
}

/** What is left of a path below a prefix: `""` for the prefix itself, else with a leading slash. */
export function below(prefix: string, path: string): string | undefined {
  if (path === prefix) return "";
  return path.startsWith(prefix) && path[prefix.length] === "/"
    ? path.slice(prefix.length)
    : undefined;
}
