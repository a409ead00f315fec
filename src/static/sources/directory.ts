/**
 * Directories, single files and folders of packages as sources.
 *
 * @module
 */
import { type Check, either, fail, oneOf, readOptions, shape, text } from "../../config.ts";
import { type Files, type FoundFile, type OpenFile, runtimeFiles } from "../../platform/files.ts";
import {
  changedError,
  type Entry,
  type Found,
  type Listed,
  MOST_LISTED,
  type Source,
} from "../source.ts";
import { bytesEntry, hashedEntry } from "./entry.ts";
import { CHUNK, fileStream, readAll } from "./file_content.ts";
import {
  FileCache,
  LARGEST_SMALL_FILE,
  MEMORY_CACHE_OPTIONS,
  type MemoryCacheOptions,
} from "./file_cache.ts";
import { LookupCache } from "./lookup_cache.ts";

/**
 * A tick of the clock of a file system, and a second for runtimes that give whole seconds, in
 * milliseconds. Two changes within this time may leave the same times.
 */
const CLOCK_TICK = 2000;
/**
 * Times that build tools write instead of the real one: 1970, one second later (Nix), 1980 (zip),
 * 1985 (npm). A validator of such a time would stay the same when the file changes.
 */
const PLACEHOLDER_TIMES = new Set([0, 1000, 315_532_800_000, 499_162_500_000]);
/** A long file is read into memory when it is opened so often before its lookup expires. */
const MANY_OPENS = 8;
/** The most lookups that are cached, and the most lists: a list may have ten thousand names. */
const MAX_LOOKUPS = 4096;
const MAX_LISTS = 8;

/** Options of {@linkcode directory}. */
export interface DirectoryOptions {
  /**
   * Which symbolic links are followed: `"inside"` follows links that stay below the directory,
   * `"follow"` all, `"deny"` none. The directory itself may be a link, which may be switched to
   * another directory while the server runs.
   *
   * @default "inside"
   */
  readonly symlinks?: "inside" | "follow" | "deny";
  /**
   * The memory cache for small files and for larger files that are requested often; `false` turns it
   * off. Files in memory have strong entity tags.
   *
   * @default 16 MiB, revalidated after a second
   */
  readonly memoryCache?: MemoryCacheOptions | false;
}

/** The checks of these options. */
export const DIRECTORY_OPTIONS: {
  readonly symlinks: readonly [Check, "inside"];
  readonly memoryCache: readonly [Check, MemoryCacheOptions];
} = {
  symlinks: [oneOf("inside", "follow", "deny"), "inside"],
  memoryCache: [either([false], shape(MEMORY_CACHE_OPTIONS)), {}],
};

/**
 * A directory or a file of the file system as a source, on Node, Deno and Bun. Only regular files are
 * served.
 *
 * @param path A path relative to the working directory, or a `file:` URL.
 * @param options See {@linkcode DirectoryOptions}.
 * @returns A source.
 * @throws {TypeError} When the path does not exist, or the runtime has no file system.
 *
 * @example
 * ```ts
 * import { directory, notFound, serveStatic } from "@handwerk/handwerk";
 *
 * const app = serveStatic({ "/source": directory("./src") })(notFound);
 * console.log((await app(new Request("http://localhost/source/mod.ts"))).status); // 200
 * ```
 */
export function directory(path: string | URL, options: DirectoryOptions = {}): Source {
  return fileSystem(path, "directory", readOptions("directory", options, DIRECTORY_OPTIONS));
}

/** As {@linkcode directory}, with errors in the name of `option`. */
export function fileSystem(
  path: string | URL,
  option: string,
  { symlinks, memoryCache }: Required<DirectoryOptions>,
): Source {
  const refuse = (why: string): never => {
    throw new TypeError(`${option}: ${JSON.stringify(String(path))} ${why}`);
  };
  const isPath = path instanceof URL
    ? path.protocol === "file:"
    : typeof path === "string" && path !== "" && !path.includes("\0");
  if (!isPath) {
    const given: unknown = path instanceof URL ? path.href : path;
    fail(`${option}: the path`, given, "a path or a file: URL");
  }
  const files = filesFor(option);
  const kind = files.kind(path);
  if (kind === "missing") return refuse("does not exist; create it, or give the right path");
  if (kind === "other") return refuse("is neither a directory nor a regular file");
  const tree = files.tree(path, symlinks);
  const cache = memoryCache === false ? undefined : new FileCache(memoryCache);
  const lookups = new LookupCache<Found>(cache?.lookupAge ?? 0, MAX_LOOKUPS);
  const lists = new LookupCache<readonly Listed[]>(cache?.lookupAge ?? 0, MAX_LISTS);

  const look = async (key: string, segments: readonly string[]): Promise<Found> => {
    const checked = performance.now();
    const file = await tree.find(segments);
    if (!file || file.directory) {
      cache?.revalidate(key, undefined, checked);
      // A single file that became a directory does not export what is in the directory.
      if (!file || kind === "file") return undefined;
      return file.realPath ? { directory: true, realPath: file.realPath } : "directory";
    }
    const isSettled = Date.now() - file.ctime >= CLOCK_TICK;
    const identity = isSettled ? identityOf(file) : undefined;
    const known = cache?.revalidate(key, identity, checked);
    const name = segments.at(-1) ?? tree.name;
    if (cache && (known || file.size <= LARGEST_SMALL_FILE)) {
      const entry = known ?? await readWhole(file, name);
      if (!known) cache.store(key, entry, identity);
      lookups.forget(key);
      return entry;
    }
    return lazyEntry(file, name, isSettled, {
      changed: () => lookups.forget(key),
      // The tag of a file that has just changed is weak, and should soon be replaced by a strong one.
      store: isSettled && cache?.fits(file.size)
        ? (entry) => cache.store(key, entry, identity)
        : undefined,
    });
  };
  return {
    find(segments) {
      if (kind === "file" && segments.length > 0) return undefined;
      const key = segments.join("/");
      return cache?.fresh(key) ?? lookups.get(key, () => look(key, segments));
    },
    list: (segments) => lists.get(segments.join("/"), () => tree.list(segments, MOST_LISTED + 1)),
  };
}

/** Distinguishes the versions of a file. Behind another link, other names may be served. */
function identityOf({ identity, realPath }: FoundFile): string {
  return realPath ? `${identity} ${realPath.join("/")}` : identity;
}

function modifiedTime({ mtime }: FoundFile): number | undefined {
  return PLACEHOLDER_TIMES.has(mtime) ? undefined : mtime;
}

async function openFile(file: FoundFile, name: string, mayGrow = false): Promise<OpenFile> {
  const open = await file.open(mayGrow);
  if (!open) throw changedError(name);
  return open;
}

async function readWhole(file: FoundFile, name: string): Promise<Entry> {
  const bytes = await readAll(await openFile(file, name), 0, file.size);
  return await hashedEntry(name, bytes, {
    lastModified: modifiedTime(file),
    realPath: file.realPath,
  });
}

/** An entry that opens its file for each response, until it is stored in memory. */
function lazyEntry(
  file: FoundFile,
  name: string,
  isSettled: boolean,
  { changed, store }: {
    readonly changed: () => void;
    readonly store: ((entry: Entry) => void) | undefined;
  },
): Entry {
  const { size, realPath, tag } = file;
  const lastModified = modifiedTime(file);
  // Two changes within one tick of the clock have the same tag, which is weak for that reason.
  const etag = isSettled ? `"${tag}"` : lastModified === undefined ? undefined : `W/"${tag}"`;
  const metadata = { etag, lastModified, realPath };
  let opens = 0;
  const open = (mayGrow?: boolean): Promise<OpenFile> =>
    openFile(file, name, mayGrow).catch((error: unknown) => {
      changed();
      throw error;
    });
  return {
    name,
    size,
    ...metadata,
    async open({ start, end } = { start: 0, end: size }) {
      if (++opens === MANY_OPENS && store) {
        const bytes = await readAll(await open(), 0, size);
        // With the same tag, clients need not fetch the file again.
        store(bytesEntry(name, bytes, metadata));
        return bytes.subarray(start, end);
      }
      if (end - start <= CHUNK) return await readAll(await open(), start, end);
      if (await file.isCurrent()) return fileStream(() => open(true), start, end);
      changed();
      throw changedError(name);
    },
  };
}

/**
 * A folder of an installed package as a source, on Node, Deno and Bun. The package is looked up in
 * `node_modules`, from the working directory upwards. In a table of exports, `["name", "folder"]`
 * does the same.
 *
 * @param name The name of the package.
 * @param folder The folder in the package; by default the whole package.
 * @returns A source.
 * @throws {TypeError} When the package or the folder does not exist, or the runtime has no file
 * system.
 *
 * @example
 * ```ts
 * import { notFound, serveStatic } from "@handwerk/handwerk";
 * import { packageData } from "@handwerk/handwerk/static";
 *
 * const app = serveStatic({ "/mime": packageData("mime", "dist/src") })(notFound);
 * console.log((await app(new Request("http://localhost/mime/index.js"))).status); // 200
 * ```
 */
export function packageData(name: string, folder = "."): Source {
  return packageFolder(
    name,
    folder,
    "packageData",
    readOptions<DirectoryOptions, typeof DIRECTORY_OPTIONS>("packageData", {}, DIRECTORY_OPTIONS),
  );
}

/** As {@linkcode packageData}, with errors in the name of `option`. */
export function packageFolder(
  name: string,
  folder: string,
  option: string,
  options: Required<DirectoryOptions>,
): Source {
  text("the name of a package", /^(?:@[\w.-]+\/)?[\w-][\w.-]*$/)(name, `${option}: the package`);
  text('a folder of the package, such as "assets"')(folder, `${option}: the folder`);
  const files = filesFor(option);
  let up = files.resolve(".");
  for (;;) {
    const candidate = `${up}/node_modules/${name}`;
    if (files.kind(candidate) === "directory") {
      return fileSystem(`${candidate}/${folder}`, option, options);
    }
    const above = files.resolve(`${up}/..`);
    if (above === up) break;
    up = above;
  }
  throw new TypeError(`${option}: the package ${name} is not installed; run npm install ${name}`);
}

function filesFor(option: string): Files {
  try {
    return runtimeFiles();
  } catch {
    throw new TypeError(`${option}: this runtime has no file system; pass a source instead`);
  }
}
