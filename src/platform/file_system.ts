/**
 * Looking at a path without races: between two system calls, a folder on the path may be replaced by
 * a link to somewhere else. An open descriptor stays what was opened, so that files are judged by it.
 *
 * @module
 */
import { builtin, type BuiltinModules, isPermitted } from "../runtime.ts";

type FileSystem = BuiltinModules["node:fs"];
type FileHandle = import("node:fs/promises").FileHandle;
type Stats = import("node:fs").BigIntStats;

/** The status of what is at a path. */
export interface FileStatus {
  readonly stat: Stats;
  /** The path without symbolic links. */
  readonly real: string;
}

/** An open file and its status. */
export interface OpenedFile {
  readonly handle: FileHandle;
  readonly stat: Stats;
}

/**
 * A file system whose folders and links below `root` may be replaced at any time, by someone who must
 * not lead us out of it. `real` is a path that `see` returned.
 */
export interface FileSystemView {
  /** What a path leads to, without reading it. */
  see(root: string, path: string): Promise<FileStatus | undefined>;
  /** Opens a real path if no link leads elsewhere. */
  open(root: string, real: string): Promise<OpenedFile | undefined>;
  /** Reads a folder if no link leads elsewhere; `use` gets a path that stays that of the folder. */
  within<T>(
    root: string,
    real: string,
    use: (folder: string) => Promise<T>,
  ): Promise<T | undefined>;
}

/** Codes for a path that does not exist, cannot be read or is no path: all of them mean a 404. */
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

/** For `catch`: `undefined` for errors that mean a 404. */
export function absent(error: unknown): undefined {
  if (ABSENT.has((error as { code?: string }).code ?? "")) return undefined;
  throw error;
}

/** The flag of Linux for a descriptor that refers to a path and cannot be read. */
const O_PATH = 0o10000000;
/** Deno allows access to `/proc` only with all permissions. */
const ALL = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;

/** The safest view that the system allows. */
export function fileSystemView(fs: FileSystem): FileSystemView {
  return hasDescriptorPaths(fs) ? byDescriptor(fs) : byPath(fs);
}

/** Whether the system has the path of a descriptor, as Linux does, and lets us read it. */
function hasDescriptorPaths(fs: FileSystem): boolean {
  if (!ALL.every((name) => isPermitted({ name }))) return false;
  let fd: number | undefined;
  try {
    fd = fs.openSync(fs.realpathSync("."), O_PATH);
    return fs.readlinkSync(descriptorPath(fd)) === fs.realpathSync(".");
  } catch {
    return false;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Opens the path first, and then asks the descriptor where that is. */
function byDescriptor(fs: FileSystem): FileSystemView {
  const realOf = (fd: number): string => fs.readlinkSync(descriptorPath(fd));
  const at = async <T>(
    path: string,
    use: (fd: number) => T | Promise<T>,
  ): Promise<T | undefined> => {
    const fd = await new Promise<number>((resolve, reject) =>
      fs.open(path, O_PATH, (error, fd) => error ? reject(error) : resolve(fd))
    ).catch(absent);
    if (fd === undefined) return undefined;
    try {
      return await use(fd);
    } finally {
      fs.closeSync(fd);
    }
  };
  return {
    // Synchronous: the system has just looked it up, and another thread would cost more.
    see: (_root, path) =>
      at(path, (fd) => ({ stat: fs.fstatSync(fd, { bigint: true }), real: realOf(fd) })),
    open: (_root, real) => openIf(fs, real, ({ fd }) => realOf(fd) === real),
    within: (_root, real, use) =>
      at(real, (fd) => realOf(fd) === real ? use(descriptorPath(fd)) : undefined),
  };
}

async function openIf(
  fs: FileSystem,
  path: string,
  isRight: (handle: FileHandle, stat: Stats) => boolean | Promise<boolean>,
): Promise<OpenedFile | undefined> {
  // A FIFO would block the thread that opens it until it has a writer.
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

/** How often to try while folders on the path change, if only because they get a new file. */
const ATTEMPTS = 5;
/** Where times are in milliseconds, two changes within this time may leave the same one. */
const TICK = 5;

function isUnsettled(folder: Stats | undefined): boolean {
  if (!folder || folder.mtimeNs % 1_000_000n !== 0n) return false;
  const age = Date.now() - Number(folder.mtimeNs / 1_000_000n);
  return age >= 0 && age < TICK;
}

/**
 * Compares the folders on the path before and after: a folder cannot be replaced, and put back,
 * without a trace in its times or in those of the folder above.
 */
function byPath(fs: FileSystem): FileSystemView {
  const path = builtin("node:path");
  const lstat = (path: string): Promise<Stats | undefined> =>
    fs.promises.lstat(path, { bigint: true }).catch(absent);

  /** The state of the folders from the root to a path, or `undefined` if one is no folder. */
  async function foldersTo(root: string, real: string): Promise<string | undefined> {
    const below = path.relative(root, real).split(path.sep);
    // At the root, or outside of it where that is allowed, no folder needs a check.
    const names = real.startsWith(root) && below[0] !== "" && below[0] !== ".." ? below : [];
    const folders = names.map((_, at) => path.join(root, ...names.slice(0, at)));
    const stats = await Promise.all(folders.map(lstat));
    if (!stats.every((stat) => stat?.isDirectory())) return undefined;
    if (stats.some(isUnsettled)) await new Promise((resolve) => setTimeout(resolve, TICK));
    return stats.map((stat) => `${stat?.dev},${stat?.ino},${stat?.ctimeNs},${stat?.mtimeNs}`)
      .join();
  }

  /** The result of `use`, if no folder has changed meanwhile. */
  async function unchanged<T>(
    root: string,
    real: string,
    use: () => Promise<T>,
    discard: (used: T) => void | Promise<void> = () => {},
  ): Promise<T | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await foldersTo(root, real);
      if (before === undefined) return undefined;
      const used = await use();
      if (await foldersTo(root, real) === before) return used;
      await discard(used);
    }
    return undefined;
  }

  return {
    async see(root, path) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const real = await fs.promises.realpath(path).catch(absent);
        if (real === undefined) return undefined;
        const stat = await unchanged(root, real, () => lstat(real));
        // Otherwise a link was switched, for example to the next release: it leads somewhere again.
        if (stat && !stat.isSymbolicLink()) return { stat, real };
      }
      return undefined;
    },
    open(root, real) {
      const isNamed = async (_: FileHandle, { dev, ino }: Stats): Promise<boolean> => {
        const named = await lstat(real);
        return named?.ino === ino && named.dev === dev;
      };
      const open = (): Promise<OpenedFile | undefined> => openIf(fs, real, isNamed);
      return unchanged(root, real, open, (opened) => opened?.handle.close());
    },
    within: (root, real, use) => unchanged(root, path.join(real, "x"), () => use(real)),
  };
}
