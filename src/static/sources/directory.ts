/**
 * Directories and single files as sources.
 *
 * @module
 */
import { checkOptions, type Checks, either, fail, oneOf, shape } from "../../config.ts";
import { type Files, runtimeFiles } from "../../platform/files.ts";
import type { FoundFile, OpenFile } from "../../platform/found_file.ts";
import type { FoundDirectory } from "../../platform/tree.ts";
import { type Entry, type Found, MOST_LISTED, type Source } from "../source.ts";
import { changed } from "../source_error.ts";
import { bytesEntry } from "./entry.ts";
import { CHUNK, fileStream, readAll } from "./file_content.ts";
import { LookupCache } from "./lookup_cache.ts";
import { ListingCache } from "./listing_cache.ts";
import {
  FileCache,
  LARGEST_CACHED_FILE,
  MEMORY_CACHE_OPTIONS,
  type MemoryCacheOptions,
  type SmallFile,
} from "./file_cache.ts";

/**
 * Two changes within one tick of a file system's clock leave the same times, and some runtimes tell
 * whole seconds only; in milliseconds, a tick and a second more.
 */
const CLOCK = 2000;
/**
 * Times that build tools write instead of the real one: 1970, 1 second later (Nix), 1980 (zip),
 * 1985 (npm). A validator from one would call a changed file unchanged.
 */
const SENTINELS = new Set([0, 1000, 315_532_800_000, 499_162_500_000]);

/** A long file is hot that is opened so often before what was found is forgotten. */
const MANY = 8;

type Bytes = Uint8Array<ArrayBuffer>;

/** Options of {@linkcode directory}. */
export interface DirectoryOptions {
  /**
   * Which symbolic links are followed: `"inside"` those that stay below the directory, `"follow"`
   * all of them, `"deny"` none. The directory itself may be a link that is switched to another one;
   * it is judged by what it leads to now. Default `"inside"`.
   */
  readonly symlinks?: "inside" | "follow" | "deny";
  /**
   * How small files are kept in memory; `false` for not at all. Kept files have strong entity tags.
   * Default: 16 MiB, asked about once a second.
   */
  readonly memoryCache?: MemoryCacheOptions | false;
}

/** What the options must be. */
export const DIRECTORY_OPTIONS: Checks<DirectoryOptions> = {
  symlinks: oneOf("inside", "follow", "deny"),
  memoryCache: either([false], shape(MEMORY_CACHE_OPTIONS)),
};

/**
 * The file or the directory at a path of the file system, as a source. What is no regular file is
 * not there.
 *
 * @param path A path, relative to the working directory, or a `file:` URL.
 * @param options See {@linkcode DirectoryOptions}.
 * @returns A source.
 * @throws {TypeError} When there is nothing at the path, or no file system.
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
  checkOptions("directory", options, DIRECTORY_OPTIONS);
  return fileSystem(path, "directory", options);
}

/** As {@linkcode directory}, with errors in the name of `option`. */
export function fileSystem(
  path: string | URL,
  option: string,
  { symlinks = "inside", memoryCache = {} }: DirectoryOptions,
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
  let files: Files;
  try {
    files = runtimeFiles();
  } catch {
    return refuse("is a path, but this runtime has no file system; pass a source instead");
  }
  const kind = files.kind(path);
  if (kind === "missing") return refuse("does not exist; create it, or give the right path");
  if (kind === "other") return refuse("is neither a directory nor a regular file");
  const tree = files.tree(path, symlinks);
  const names = (key: string): string[] => key === "" ? [] : key.split("/");
  const kept = memoryCache === false ? undefined : new FileCache(memoryCache, async (key) => {
    const file = await tree.find(names(key));
    return file && !file.directory ? identityOf(file) : undefined;
  });
  const recent = new LookupCache(kept?.patience ?? 0);
  const lists = new ListingCache(kept?.patience ?? 0);
  /** What is being looked up and read, for all who ask for it meanwhile. */
  const looking = new Map<string, Promise<Found>>();

  const look = async (
    key: string,
    checking: Promise<Entry | undefined> | undefined,
  ): Promise<Found> => {
    const known = await checking;
    if (known) return known;
    const segments = names(key);
    const asked = performance.now();
    const file = await tree.find(segments);
    if (!file || file.directory) {
      // A file that became a directory exports nothing that was not exported.
      return recent.keep(key, asked, kind === "directory" ? folder(file) : undefined);
    }
    const name = segments.at(-1) ?? tree.name;
    if (kept && file.size <= LARGEST_CACHED_FILE) {
      return kept.keep(key, name, await readWhole(file, name));
    }
    const facts = factsOf(file);
    const keep = (bytes: Bytes, { etag, lastModified, realPath }: Entry): void =>
      // The tag stays as it was, or what clients have would be sent once more.
      kept?.keepEntry(key, bytesEntry(name, bytes, { etag, lastModified, realPath }), facts);
    const forget = (): void => recent.forget(key);
    // A weak tag is not kept for longer than it has to be.
    const isKept = facts.settled && kept?.fits(file.size);
    const becoming = { forget, keep: isKept ? keep : undefined };
    return recent.keep(key, asked, entry(name, file, becoming));
  };
  return {
    list: (segments) => lists.get(segments.join("/"), () => tree.list(segments, MOST_LISTED + 1)),
    find(segments) {
      if (kind === "file" && segments.length > 0) return undefined;
      const key = segments.join("/");
      const known = kept?.find(key);
      if (known && !(known instanceof Promise)) return known;
      const finding = known ? undefined : recent.get(key);
      if (finding) return finding.found;
      // Whoever joins may be told what was true before they asked.
      if (!kept?.patience) return look(key, known);
      const found = looking.get(key) ?? look(key, known).finally(() => looking.delete(key));
      looking.set(key, found);
      return found;
    },
  };
}

async function readWhole(file: FoundFile, name: string): Promise<SmallFile> {
  const facts = factsOf(file);
  const bytes = await readAll(await opened(file, name), 0, file.size);
  return { ...facts, bytes, lastModified: knownTime(file), realPath: file.realPath };
}

function factsOf(file: FoundFile): Pick<SmallFile, "identity" | "settled"> {
  return { identity: identityOf(file), settled: Date.now() - file.ctime >= CLOCK };
}

/** The same file is another one behind a link: what its real name says may be another thing. */
function identityOf({ identity, realPath }: FoundFile): string {
  return realPath ? `${identity} ${realPath.join("/")}` : identity;
}

function folder(found: FoundDirectory | undefined): Found {
  const realPath = found?.realPath;
  return realPath ? { directory: true, realPath } : found && "directory";
}

async function opened(file: FoundFile, name: string, mayGrow = false): Promise<OpenFile> {
  const open = await file.open(mayGrow);
  if (!open) throw changed(name);
  return open;
}

function knownTime({ mtime }: FoundFile): number | undefined {
  return SENTINELS.has(mtime) ? undefined : mtime;
}

/** What becomes of a long file: it is forgotten when it has changed, and kept when it is hot. */
interface Becoming {
  readonly forget: () => void;
  readonly keep: ((bytes: Bytes, entry: Entry) => void) | undefined;
}

function entry(name: string, file: FoundFile, { forget, keep }: Becoming): Entry {
  const { size, tag } = file;
  const lastModified = knownTime(file);
  const { settled } = factsOf(file);
  let opens = 0;
  const found: Entry = {
    name,
    size,
    lastModified,
    realPath: file.realPath,
    // Two changes within one tick of the clock share a tag, which then is weak.
    etag: settled ? `"${tag}"` : lastModified === undefined ? undefined : `W/"${tag}"`,
    async open({ start, end } = { start: 0, end: size }) {
      const open = (mayGrow?: boolean): Promise<OpenFile> =>
        opened(file, name, mayGrow).catch((error: unknown) => {
          forget();
          throw error;
        });
      if (++opens === MANY && keep) {
        const bytes = await readAll(await open(), 0, size);
        keep(bytes, found);
        return bytes.subarray(start, end);
      }
      if (end - start <= CHUNK) return await readAll(await open(), start, end);
      if (await file.isCurrent()) return fileStream(() => open(true), start, end);
      forget();
      throw changed(name);
    },
  };
  return found;
}
