/**
 * A regular file that was found, and is opened only as long as it is that one.
 *
 * @module
 */
import { hash } from "../http/hash.ts";
import type { FileStatus, FileSystemView } from "./file_system.ts";

type Stats = FileStatus["stat"];

/** A regular file that was found. */
export interface FoundFile {
  readonly directory: false;
  /** Its names below the tree, if a link led to it; outside of the tree, the last one alone. */
  readonly realPath: readonly string[] | undefined;
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

/** What was found where. */
export interface Placed extends FileStatus {
  /** The real path of the tree. */
  readonly root: string;
  /** As those of the file. */
  readonly realPath: readonly string[] | undefined;
}

/** Makes the file of what was found. */
export function foundFile(
  seeing: FileSystemView,
  { root, stat, real, realPath }: Placed,
): FoundFile {
  const facts = factsOf(stat);
  return {
    ...facts,
    directory: false,
    realPath,
    async isCurrent() {
      const now = await seeing.see(root, real);
      return now?.real === real && factsOf(now.stat).identity === facts.identity;
    },
    async open(mayGrow = false) {
      const opened = await seeing.open(root, real);
      if (!opened) return undefined;
      const now = factsOf(opened.stat);
      const same = now.identity === facts.identity ||
        (mayGrow && now.inode === facts.inode && now.size > facts.size);
      if (same) return openFile(opened.handle, facts);
      await opened.handle.close();
      return undefined;
    },
  };
}

/** What the file system tells of a file, in nanoseconds where it can. */
export interface Facts extends Pick<FoundFile, "identity" | "size" | "mtime" | "ctime" | "tag"> {
  /** Tells this file from any other, whatever is in it. */
  readonly inode: string;
}

/** Reads what the file system told. */
export function factsOf({ dev, ino, size, mtimeNs, ctimeNs }: Stats): Facts {
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
