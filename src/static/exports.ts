/**
 * Exports: which source is served below which path.
 *
 * @module
 */
import { fail, requireSync } from "../config.ts";
import type { NeedsOf, PathKeys, SameNeeds } from "../handler.ts";
import { canonicalPath, configuredPath } from "../http/path.ts";
import type { MountState } from "../mount.ts";
import { type DirectoryOptions, fileSystem, packageFolder } from "./sources/directory.ts";
import { isSource, type Source } from "./source.ts";
import type { Candidate } from "./types.ts";

/** Makes a source from the platform arguments of the host, for example `env` on Workers. */
export type SourceOf<Args extends readonly unknown[] = readonly never[]> = (
  ...args: Args
) => Source;

/** A folder of an installed package; short for `packageData(name, folder)`. */
export type PackageFolder = readonly [name: string, folder: string];

/**
 * What can be exported: a path of the file system, a `file:` URL, a folder of a package, a source, or
 * a function that makes a source.
 */
export type Exported = string | URL | PackageFolder | Source | SourceOf;

/** The exports by path prefix: a map, or a list of pairs. */
export type Exports<E extends Exported = string | URL | PackageFolder | Source> =
  | Readonly<Record<`/${string}`, E>>
  | Iterable<readonly [prefix: string, source: E]>;

/** A function that makes a source, as the handler with the same platform arguments. */
export type HandlerFor<E> = E extends (...args: infer Args) => Source
  ? (request: Request, ...args: Args) => Response
  : never;

/** A type error for exports that need different platform arguments. */
export type SameExportNeeds<X> = X extends Exported | Iterable<unknown> ? unknown
  : SameNeeds<{ readonly [K in keyof X]: HandlerFor<X[K]> }> & PathKeys<X>;

/** The platform arguments that the exports need. Only `X` is given. */
export type ExportNeeds<
  X,
  E = X extends Exported ? X
    : X extends Iterable<readonly [string, infer Value]> ? Value
    : X[keyof X],
> = [Extract<E, SourceOf>] extends [never] ? readonly []
  : NeedsOf<HandlerFor<E>>;

/** A checked export. */
export interface Export {
  /** A canonical path without its trailing slash; `""` for the root. */
  readonly prefix: string;
  /** The source, for the platform arguments of a request. */
  readonly sourceFor: (args: readonly unknown[]) => Source;
}

/**
 * Checks the exports, and makes sources of paths.
 *
 * @throws {TypeError} When a prefix is not a path, or an exported file or directory does not exist.
 */
export function readExports(
  exports: Exports<Exported> | Exported,
  options: Required<DirectoryOptions>,
): readonly Export[] {
  return pairsOf(exports).map(([key, value]) => {
    if (typeof key !== "string") fail("serveStatic: the prefix of an export", key, "a path");
    const option = `serveStatic: the export ${JSON.stringify(key)}`;
    const prefix = configuredPath("serveStatic: the export", key);
    if (typeof value === "function") return { prefix, sourceFor: remembering(value, option) };
    const source = readSource(value, option, options);
    return { prefix, sourceFor: () => source };
  });
}

function pairsOf(exports: Exports<Exported> | Exported): (readonly [string, Exported])[] {
  if (isWhole(exports)) return [["/", exports]];
  if (!(Symbol.iterator in exports)) return Object.entries(exports);
  return [...exports].map((pair) =>
    Array.isArray(pair) ? pair : fail("serveStatic: an export", pair, 'a pair: ["/", "./public"]')
  );
}

/** Whether the value is one export for every path, and not a table of exports. */
function isWhole(exports: Exports<Exported> | Exported): exports is Exported {
  return typeof exports !== "object" || exports === null || exports instanceof URL ||
    isSource(exports) || (Array.isArray(exports) && typeof exports[0] === "string");
}

function readSource(
  value: string | URL | PackageFolder | Source,
  option: string,
  options: Required<DirectoryOptions>,
): Source {
  if (isSource(value)) return value;
  if ((typeof value === "string" && value !== "") || value instanceof URL) {
    return fileSystem(value, option, options);
  }
  if (Array.isArray(value)) {
    const [name, folder] = value as PackageFolder;
    return packageFolder(name, folder, option, options);
  }
  return fail(option, value, 'a path such as "./public", a file: URL or a source');
}

/** Makes a source once for each `env`. Hosts pass the same object with many requests. */
function remembering(make: SourceOf, option: string): (args: readonly unknown[]) => Source {
  const made = new WeakMap<object, Source>();
  return (args) => {
    const [key] = args;
    const known = typeof key === "object" && key !== null ? made.get(key) : undefined;
    const source = known ?? requireSync(option, make(...args as readonly never[]));
    if (!isSource(source)) {
      throw new TypeError(`${option} returned no source; return one, such as bucket(env.FILES)`);
    }
    if (typeof key === "object" && key !== null) made.set(key, source);
    return source;
  };
}

/** The exports that a request is below. */
export function candidatesFor(
  table: readonly Export[],
  mount: MountState,
  args: readonly unknown[],
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  const { canonical } = mount;
  for (const { prefix, sourceFor } of table) {
    const isBelow = canonical.startsWith(prefix) &&
      (canonical.length === prefix.length || canonical[prefix.length] === "/");
    if (!isBelow) continue;
    candidates.push({ source: sourceFor(args), mount, path: canonical.slice(prefix.length) });
  }
  return candidates;
}

/** The canonical path of an export in the URL. */
export function exportBase({ mount: { base, canonical }, path }: Candidate): string {
  return (canonicalPath(base) ?? "") + canonical.slice(0, canonical.length - path.length);
}
