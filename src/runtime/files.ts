/**
 * Files on Node, Deno and Bun, through the built-in modules that all three have. They are asked for
 * when a directory is exported, so that bundlers for Cloudflare Workers never see them.
 *
 * @module
 */
import { hash } from "../http/hash.ts";
import { builtin, builtinIfAny, type BuiltinModules } from "./builtin.ts";

type FileSystem = BuiltinModules["node:fs"];
type BigIntStats = import("node:fs").BigIntStats;

/** A regular file that was found. */
export interface FoundFile {
  /** Tells this file, as it is now, from any other. */
  readonly identity: string;
  /** The length in bytes. */
  readonly size: number;
  /** The time of the last change, in milliseconds since the epoch. */
  readonly mtime: number;
  /** The time of the last change to the file or to what is said of it, which nobody can set. */
  readonly ctime: number;
  /** An opaque text for entity tags. It changes with the content once `ctime` is long enough ago. */
  readonly tag: string;
  /** Whether what is there now is what was found. */
  isCurrent(): Promise<boolean>;
  /**
   * Opens the file, unless what is there now is not what was found.
   *
   * @param mayGrow Whether the same file may have become longer meanwhile, as logs do.
   */
  open(mayGrow?: boolean): Promise<OpenFile | undefined>;
}

/** An open regular file. */
export interface OpenFile {
  /** Fills `buffer` from `position` on, and tells how much there was. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Whether the file was not written to since it was found, or only became longer. */
  isIntact(): Promise<boolean>;
  /** Closes the file. */
  close(): Promise<void>;
}

/** Which symbolic links are followed: those that stay below the root, all of them, or none. */
export type Links = "inside" | "follow" | "deny";

/** The file system, as a directory source needs it. */
export interface Files {
  /** What is at a path now; symbolic links followed. Throws when it cannot be asked. */
  kind(path: string | URL): "directory" | "file" | "other" | "missing";
  /** The absolute path without symbolic links, and the name of what is there. */
  resolve(path: string | URL): { readonly path: string; readonly name: string };
  /**
   * Finds a regular file below `root`, or tells a directory apart; opens neither.
   *
   * @param root A path that `resolve` gave.
   * @param segments Safe names; none finds `root` itself.
   */
  find(
    root: string,
    segments: readonly string[],
    links: Links,
  ): Promise<FoundFile | "directory" | undefined>;
  /** The identity of what is at a path now, for a file that was found before. */
  identify(root: string, segments: readonly string[]): Promise<string | undefined>;
  /** Lists at most `most` names of a directory that `find` told apart, links as asked. */
  list(
    root: string,
    segments: readonly string[],
    links: Links,
    most: number,
  ): Promise<readonly Name[]>;
}

/** One name in a directory. */
export interface Name {
  readonly name: string;
  readonly directory: boolean;
  readonly size: number;
  readonly lastModified: number;
}

/** The files of this runtime. Throws where there is no file system. */
export function runtimeFiles(): Files {
  const fs = builtinIfAny("node:fs");
  // Workers may emulate node:fs over an empty disk; what is missing there says so.
  if (!fs) throw new Error("this runtime has no file system");
  return nodeFiles(fs);
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

function nodeFiles(fs: FileSystem): Files {
  const [path, url] = [builtin("node:path"), builtin("node:url")];
  // A FIFO would block the thread that opens it until somebody writes.
  const flags = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);
  const local = (at: string | URL): string => typeof at === "string" ? at : url.fileURLToPath(at);
  return {
    kind(at) {
      const stat = fs.statSync(local(at), { throwIfNoEntry: false });
      if (!stat) return "missing";
      return stat.isDirectory() ? "directory" : stat.isFile() ? "file" : "other";
    },
    resolve(at) {
      return { path: fs.realpathSync(local(at)), name: path.basename(path.resolve(local(at))) };
    },
    async find(root, segments, links) {
      const full = path.join(root, ...segments);
      const real = await fs.promises.realpath(full).catch(absent);
      if (real === undefined || !mayFollow(root, full, real, links)) return undefined;
      const stat = await statOf(real);
      if (stat?.isDirectory()) return "directory";
      if (!stat?.isFile()) return undefined;
      const facts = factsOf(stat);
      return {
        ...facts,
        isCurrent: async () => {
          const now = await statOf(real);
          return now !== undefined && factsOf(now).identity === facts.identity;
        },
        open: (mayGrow) => open(real, facts, mayGrow),
      };
    },
    async identify(root, segments) {
      const stat = await statOf(path.join(root, ...segments));
      return stat?.isFile() ? factsOf(stat).identity : undefined;
    },
    async list(root, segments, links, most) {
      const folder = path.join(root, ...segments);
      const names = (await fs.promises.readdir(folder).catch(absent) ?? []).slice(0, most);
      const look = async (name: string): Promise<Name | undefined> => {
        const full = path.join(folder, name);
        const real = await fs.promises.realpath(full).catch(absent);
        if (real === undefined || !mayFollow(root, full, real, links)) return undefined;
        const stat = await fs.promises.stat(real).catch(absent);
        return stat?.isFile() || stat?.isDirectory()
          ? { name, directory: stat.isDirectory(), size: stat.size, lastModified: stat.mtimeMs }
          : undefined;
      };
      return (await Promise.all(names.map(look))).filter((name) => name !== undefined);
    },
  };

  function statOf(at: string): Promise<BigIntStats | undefined> {
    return fs.promises.stat(at, { bigint: true }).catch(absent);
  }

  /** Opens what was found: between the two, a link may have been turned, or a file replaced. */
  async function open(
    real: string,
    found: Facts,
    mayGrow = false,
  ): Promise<OpenFile | undefined> {
    const handle = await fs.promises.open(real, flags).catch(absent);
    if (!handle) return undefined;
    let same = false;
    try {
      const [stat, again] = await Promise.all([
        handle.stat({ bigint: true }),
        fs.promises.realpath(real).catch(absent),
      ]);
      const now = factsOf(stat);
      same = again === real &&
        (now.identity === found.identity ||
          (mayGrow && now.inode === found.inode && now.size > found.size));
      return same ? openFile(handle, found) : undefined;
    } finally {
      if (!same) await handle.close();
    }
  }

  function mayFollow(root: string, full: string, real: string, links: Links): boolean {
    if (links !== "inside") return links === "follow" || real === full;
    return real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
  }
}

/** What the file system tells of a file, in nanoseconds where it can. */
interface Facts extends Pick<FoundFile, "identity" | "size" | "mtime" | "ctime" | "tag"> {
  /** Tells this file from any other, whatever is in it. */
  readonly inode: string;
}

function factsOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): Facts {
  const inode = `${dev},${ino}`;
  // Inode numbers are nobody's business, and device numbers change when a machine starts.
  const rest = hash(`${ino},${ctimeNs}`).toString(16).padStart(8, "0");
  return {
    identity: `${inode},${size},${mtimeNs},${ctimeNs}`,
    inode,
    size: Number(size),
    mtime: Number(mtimeNs) / 1e6,
    ctime: Number(ctimeNs) / 1e6,
    tag: `${size.toString(16)}-${mtimeNs.toString(16)}${rest}`,
  };
}

function openFile(handle: import("node:fs/promises").FileHandle, found: Facts): OpenFile {
  let closed: Promise<void> | undefined;
  return {
    read: async (buffer, position) =>
      (await handle.read(buffer, 0, buffer.length, position)).bytesRead,
    async isIntact() {
      const { size, mtime } = factsOf(await handle.stat({ bigint: true }));
      // A file that is replaced by another has a new `ctime`, and is still whole.
      return size > found.size || (size === found.size && mtime === found.mtime);
    },
    close: () => closed ??= handle.close(),
  };
}

function absent(error: unknown): undefined {
  if (ABSENT.has((error as { code?: string }).code ?? "")) return undefined;
  throw error;
}
