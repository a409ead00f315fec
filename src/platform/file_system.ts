/**
 * What is at a path, and where that really is. Between two questions about a path, a folder of it may
 * be turned into a link to somewhere else; a descriptor stays what was opened.
 *
 * @module
 */
import { builtin, type BuiltinModules, isPermitted } from "../runtime.ts";

type FileSystem = BuiltinModules["node:fs"];
type FileHandle = import("node:fs/promises").FileHandle;
type Stats = import("node:fs").BigIntStats;

/** What is at a path. */
export interface FileStatus {
  readonly stat: Stats;
  /** Its path without symbolic links. */
  readonly real: string;
}

/** A request for what is not there, or not readable, or no path: all of these are "not found". */
const ABSENT = new Set([
  "ENOENT",
  "ENOTDIR",
  "EACCES",
  "EPERM",
  "ELOOP",
  "ENAMETOOLONG",
  "EISDIR",
  "ENXIO",
]);

/** Makes `undefined` of errors that say so, for `catch`. */
export function absent(error: unknown): undefined {
  if (ABSENT.has((error as { code?: string }).code ?? "")) return undefined;
  throw error;
}

/** An open file, and what it is. */
export interface OpenedFile {
  readonly handle: FileHandle;
  readonly stat: Stats;
}

/**
 * How a file system is looked at. Whoever writes below `root` may exchange folders and links there,
 * and is not to be followed out of it; `real` is a path that `see` told.
 */
export interface FileSystemView {
  /** What a path leads to; no content is opened. */
  see(root: string, path: string): Promise<FileStatus | undefined>;
  /** Opens what is at a real path, if it is there and no link led elsewhere. */
  open(root: string, real: string): Promise<OpenedFile | undefined>;
  /** Reads a folder, if no link leads elsewhere. `use` is given a path that stays the folder's. */
  within<T>(
    root: string,
    real: string,
    use: (folder: string) => Promise<T>,
  ): Promise<T | undefined>;
}

/** The flag of Linux for a descriptor of the place alone, by which nothing can be read. */
const O_PATH = 0o10000000;
/** The permissions of Deno that are all needed to look into `/proc`. */
const ALL = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;

/** The soundest way of this system. */
export function fileSystemView(fs: FileSystem): FileSystemView {
  return tellsDescriptors(fs) ? byDescriptor(fs) : byPath(fs);
}

/** Whether the system tells what a descriptor is of, as Linux does, and lets us ask. */
function tellsDescriptors(fs: FileSystem): boolean {
  if (!ALL.every((name) => isPermitted({ name }))) return false;
  let fd: number | undefined;
  try {
    fd = fs.openSync(fs.realpathSync("."), O_PATH);
    return fs.readlinkSync(descriptor(fd)) === fs.realpathSync(".");
  } catch {
    return false;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function descriptor(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function byDescriptor(fs: FileSystem): FileSystemView {
  const place = (path: string): Promise<number | undefined> =>
    new Promise<number>((resolve, reject) =>
      fs.open(path, O_PATH, (error, fd) => error ? reject(error) : resolve(fd))
    ).catch(absent);
  // What was just looked up is in memory; it is not worth the way to another thread.
  const statOf = (fd: number): Stats => fs.fstatSync(fd, { bigint: true });
  const realOf = (fd: number): string => fs.readlinkSync(descriptor(fd));
  return {
    async see(_root, path) {
      const fd = await place(path);
      if (fd === undefined) return undefined;
      try {
        return { stat: statOf(fd), real: realOf(fd) };
      } finally {
        fs.closeSync(fd);
      }
    },
    open: (_root, real) => openIf(fs, real, ({ fd }) => realOf(fd) === real),
    async within(_root, real, use) {
      const fd = await place(real);
      if (fd === undefined) return undefined;
      try {
        return realOf(fd) === real ? await use(descriptor(fd)) : undefined;
      } finally {
        fs.closeSync(fd);
      }
    },
  };
}

async function openIf(
  fs: FileSystem,
  path: string,
  isRight: (handle: FileHandle, stat: Stats) => boolean | Promise<boolean>,
): Promise<OpenedFile | undefined> {
  // A FIFO would block the thread that opens it until somebody writes.
  const flags = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);
  const handle = await fs.promises.open(path, flags).catch(absent);
  if (!handle) return undefined;
  let right = false;
  try {
    const stat = await handle.stat({ bigint: true });
    right = await isRight(handle, stat);
    return right ? { handle, stat } : undefined;
  } finally {
    if (!right) await handle.close();
  }
}

/** How often a path is looked at whose folders change meanwhile, if only by a new file in one. */
const ATTEMPTS = 5;

/** Where times are told in milliseconds, two changes may leave the same one; in milliseconds. */
const TICK = 5;

function isUnsettled(folder: Stats | undefined): boolean {
  if (!folder || folder.mtimeNs % 1_000_000n !== 0n) return false;
  const age = Date.now() - Number(folder.mtimeNs / 1_000_000n);
  return age >= 0 && age < TICK;
}

/**
 * Without descriptors that tell where they are: nobody can exchange a folder and exchange it back
 * without a trace in its times, or in those of the folder above.
 */
function byPath(fs: FileSystem): FileSystemView {
  const path = builtin("node:path");
  const lstat = (path: string): Promise<Stats | undefined> =>
    fs.promises.lstat(path, { bigint: true }).catch(absent);

  /** What the folders from the root down to a path are, or `undefined` when one is no folder. */
  async function foldersTo(root: string, real: string): Promise<string | undefined> {
    const below = path.relative(root, real).split(path.sep);
    // At the root, or outside where that is allowed, there is nothing to exchange.
    const names = real.startsWith(root) && below[0] !== "" && below[0] !== ".." ? below : [];
    const folders = names.map((_, at) => path.join(root, ...names.slice(0, at)));
    const stats = await Promise.all(folders.map(lstat));
    if (!stats.every((stat) => stat?.isDirectory())) return undefined;
    if (stats.some(isUnsettled)) await new Promise((resolve) => setTimeout(resolve, TICK));
    return stats.map((stat) => `${stat?.dev},${stat?.ino},${stat?.ctimeNs},${stat?.mtimeNs}`)
      .join();
  }

  /** What `use` makes while no folder changes. */
  async function still<T>(
    root: string,
    real: string,
    use: () => Promise<T>,
    discard: (used: T) => void | Promise<void> = () => {},
    attempts = ATTEMPTS,
  ): Promise<T | undefined> {
    const before = await foldersTo(root, real);
    if (before === undefined) return undefined;
    const used = await use();
    if (await foldersTo(root, real) === before) return used;
    await discard(used);
    return attempts > 1 ? await still(root, real, use, discard, attempts - 1) : undefined;
  }

  async function see(
    root: string,
    path: string,
    attempts = ATTEMPTS,
  ): Promise<FileStatus | undefined> {
    const real = await fs.promises.realpath(path).catch(absent);
    const stat = real === undefined ? undefined : await still(root, real, () => lstat(real));
    if (real !== undefined && stat && !stat.isSymbolicLink()) return { stat, real };
    // A link that is switched to the next release never leads nowhere.
    return real !== undefined && attempts > 1 ? await see(root, path, attempts - 1) : undefined;
  }
  return {
    see,
    open: (root, real) =>
      still(
        root,
        real,
        () =>
          openIf(fs, real, async (_, { dev, ino }) => {
            const named = await lstat(real);
            return named?.ino === ino && named.dev === dev;
          }),
        (opened) => opened?.handle.close(),
      ),
    within: (root, real, use) => still(root, path.join(real, "x"), () => use(real)),
  };
}
