/**
 * Files on Node, Deno and Bun. A tree is a directory, or a single file, that is exported: `find`
 * resolves a path below it, and an open file is judged by what was opened, not by its path. Node's
 * modules are looked up when a directory is exported, so that bundlers for Workers never see them.
 *
 * @module
 */
import { hash } from "../http/hash.ts";
import { foldCase } from "../http/safe_path.ts";
import { builtin, builtinIfAny } from "../runtime.ts";
import { absent, type FileStatus, type FileSystemView, fileSystemView } from "./file_system.ts";

/** The file system of the runtime. */
export interface Files {
  /** The kind of file at a path now, with symbolic links followed. Throws if that cannot be asked. */
  kind(path: string | URL): "directory" | "file" | "other" | "missing";
  /** The absolute path without symbolic links. */
  resolve(path: string): string;
  /** The tree at a path, which may become another one later. */
  tree(path: string | URL, links: Links): Tree;
}

/** Which symbolic links are followed: those that stay below the root, all, or none. */
export type Links = "inside" | "follow" | "deny";

/** A directory with everything below it, or a single file, which has no segments. */
export interface Tree {
  /** The name of the tree itself. */
  readonly name: string;
  /** Finds a regular file or a directory. The segments are safe names. */
  find(segments: readonly string[]): Promise<FoundFile | FoundDirectory | undefined>;
  /** Lists at most `most` names of a directory that `find` has found. */
  list(segments: readonly string[], most: number): Promise<readonly Name[]>;
}

/** A directory that was found. */
export interface FoundDirectory {
  readonly directory: true;
  /** Its names below the tree, if a link led to it; only the last one if it is outside. */
  readonly realPath: readonly string[] | undefined;
}

/** A name in a directory. */
export interface Name {
  readonly name: string;
  readonly directory: boolean;
  /** The length in bytes. */
  readonly size: number;
  /** The time of the last change, in milliseconds since the epoch. */
  readonly lastModified: number;
  /** As that of `FoundDirectory`. */
  readonly realPath: readonly string[] | undefined;
}

/** A regular file that was found. */
export interface FoundFile {
  readonly directory: false;
  /** As that of `FoundDirectory`. */
  readonly realPath: readonly string[] | undefined;
  /** Tells this file in its current state from any other. */
  readonly identity: string;
  /** The length in bytes. */
  readonly size: number;
  /** The time of the last change, in milliseconds since the epoch. */
  readonly mtime: number;
  /** The time of the last change of the file or its metadata, which a program cannot set. */
  readonly ctime: number;
  /** An opaque text for entity tags. It changes with the content once `ctime` is long enough ago. */
  readonly tag: string;
  /** Whether the path still leads to this file in this state. */
  isCurrent(): Promise<boolean>;
  /**
   * Opens the file if it is still in this state.
   *
   * @param mayGrow Whether it may have become longer, as logs do.
   */
  open(mayGrow?: boolean): Promise<OpenFile | undefined>;
}

/** An open regular file. */
export interface OpenFile {
  /** Fills `buffer` with bytes from `position` on, and resolves with their number. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Whether the file was not written to since it was found, or only became longer. */
  isIntact(): Promise<boolean>;
  close(): Promise<void>;
}

/** The files of this runtime. Throws where there is no file system. */
export function runtimeFiles(): Files {
  const fs = builtinIfAny("node:fs");
  // Workers may emulate node:fs with an empty disk, where every path is missing.
  if (!fs) throw new Error("this runtime has no file system");
  const [path, url] = [builtin("node:path"), builtin("node:url")];
  const local = (at: string | URL): string => typeof at === "string" ? at : url.fileURLToPath(at);
  return {
    kind(at) {
      const stat = fs.statSync(local(at), { throwIfNoEntry: false });
      if (!stat) return "missing";
      return stat.isDirectory() ? "directory" : stat.isFile() ? "file" : "other";
    },
    resolve: (at) => fs.realpathSync(at),
    tree(at, links) {
      const given = local(at);
      // Not `path.resolve`: behind a link, `..` is the parent of what the link leads to.
      const absolute = path.isAbsolute(given) ? given : `${path.resolve()}${path.sep}${given}`;
      return treeAt(fs, absolute, path.basename(path.resolve(given)), links);
    },
  };
}

/** A status below the root of a tree. */
interface Resolved extends FileStatus {
  readonly root: string;
  /** As that of `FoundDirectory`. */
  readonly realPath: readonly string[] | undefined;
}

/** How many names of a folder are read at once: more would delay requests for files. */
const AT_ONCE = 32;
/** How often a path is resolved while the root is switched, as deployments do. */
const ATTEMPTS = 5;

function treeAt(fs: typeof import("node:fs"), at: string, name: string, links: Links): Tree {
  const path = builtin("node:path");
  const view = fileSystemView(fs);
  let root: string | undefined;
  let ignoresCase: Promise<boolean> | undefined;
  const currentRoot = (): Promise<string | undefined> => fs.promises.realpath(at).catch(absent);
  return { name, find, list };

  async function find(
    segments: readonly string[],
  ): Promise<FoundFile | FoundDirectory | undefined> {
    const found = await resolve(segments);
    if (found?.stat.isDirectory()) return { directory: true, realPath: found.realPath };
    if (!found?.stat.isFile()) return undefined;
    const own = path.basename(found.real);
    const isRenamed = segments.length === 0 && own !== name;
    return foundFile(view, isRenamed ? { ...found, realPath: [own] } : found);
  }

  async function list(segments: readonly string[], most: number): Promise<readonly Name[]> {
    const found = await resolve(segments);
    const listed = found && await view.within(found.root, found.real, async (folder) => {
      const names = (await fs.promises.readdir(folder).catch(absent) ?? []).slice(0, most);
      const read: (Name | undefined)[] = [];
      for (let at = 0; at < names.length; at += AT_ONCE) {
        const some = names.slice(at, at + AT_ONCE).map((name) =>
          // One name with an error of the disk does not cost the others.
          nameIn(folder, segments, found, name).catch(() => undefined)
        );
        read.push(...await Promise.all(some));
      }
      return read;
    });
    return listed?.filter((name) => name !== undefined) ?? [];
  }

  async function nameIn(
    folder: string,
    segments: readonly string[],
    { realPath }: Resolved,
    name: string,
  ): Promise<Name | undefined> {
    const stat = await fs.promises.lstat(path.join(folder, name), { bigint: true }).catch(absent);
    const found = stat?.isSymbolicLink()
      ? await resolve([...segments, name])
      : stat && { stat, realPath: realPath && [...realPath, name] };
    if (!found?.stat.isFile() && !found?.stat.isDirectory()) return undefined;
    const { size, mtimeNs } = found.stat;
    return {
      name,
      directory: found.stat.isDirectory(),
      size: Number(size),
      lastModified: Number(mtimeNs) / 1e6,
      realPath: found.realPath,
    };
  }

  /** What segments lead to, if the root is the same before and after. */
  async function resolve(segments: readonly string[]): Promise<Resolved | undefined> {
    // On Windows, the name of a drive or of a stream of a file.
    if (path.sep === "\\" && segments.some((name) => name.includes(":"))) return undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = root ?? await currentRoot();
      const full = before === undefined ? "" : path.join(before, ...segments);
      const seen = before === undefined ? undefined : await view.see(before, full);
      const now = root = await currentRoot();
      if (now !== before) continue;
      if (now === undefined || !seen || !mayFollow(now, full, seen.real)) return undefined;
      if (seen.real === full) return { ...seen, root: now, realPath: undefined };
      if (!await isSpelled(now, segments, seen.real)) return undefined;
      return { ...seen, root: now, realPath: namesBelow(now, seen.real) };
    }
    return undefined;
  }

  /**
   * Whether the segments are spelled as in their folders, or in NFC where the folder has another form
   * of Unicode. Where case is ignored, `/ADMIN` would get around a rule for `/admin`.
   */
  async function isSpelled(
    root: string,
    segments: readonly string[],
    real: string,
  ): Promise<boolean> {
    const isAsked = foldCase(real) === foldCase(path.join(root, ...segments));
    if (!isAsked && !await (ignoresCase ??= ignoresCaseOf(root))) return true;
    for (const [depth, name] of segments.entries()) {
      const folder = path.join(root, ...segments.slice(0, depth));
      const names = await fs.promises.readdir(folder).catch(absent);
      if (!names?.some((own) => own === name || own.normalize("NFC") === name)) return false;
    }
    return true;
  }

  async function ignoresCaseOf(root: string): Promise<boolean> {
    const upper = root.toUpperCase();
    const other = upper === root ? root.toLowerCase() : upper;
    if (other === root) return false;
    const [one, two] = await Promise.all(
      [other, root].map(async (at) =>
        (await fs.promises.stat(at, { bigint: true }).catch(absent))?.ino
      ),
    );
    return one !== undefined && one === two;
  }

  function mayFollow(root: string, full: string, real: string): boolean {
    return links === "inside" ? isBelow(root, real) : links === "follow" || real === full;
  }

  function namesBelow(root: string, real: string): readonly string[] {
    if (real === root || !isBelow(root, real)) return [path.basename(real)];
    return path.relative(root, real).split(path.sep);
  }

  function isBelow(root: string, real: string): boolean {
    return real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
  }
}

function foundFile(view: FileSystemView, { root, stat, real, realPath }: Resolved): FoundFile {
  const { inode, ...facts } = factsOf(stat);
  return {
    ...facts,
    directory: false,
    realPath,
    async isCurrent() {
      const now = await view.see(root, real);
      return now?.real === real && factsOf(now.stat).identity === facts.identity;
    },
    async open(mayGrow = false) {
      const opened = await view.open(root, real);
      if (!opened) return undefined;
      const now = factsOf(opened.stat);
      const isSame = now.identity === facts.identity ||
        (mayGrow && now.inode === inode && now.size > facts.size);
      if (isSame) return openFile(opened.handle, facts);
      await opened.handle.close();
      return undefined;
    },
  };
}

type Facts = Pick<FoundFile, "identity" | "size" | "mtime" | "ctime" | "tag">;

/** The facts of a status, in nanoseconds where the system has them. */
function factsOf(
  { dev, ino, size, mtimeNs, ctimeNs }: FileStatus["stat"],
): Facts & { readonly inode: string } {
  const inode = `${dev},${ino}`;
  // Hashed to hide inode numbers. Without the device, whose number changes when the machine starts.
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
      // Not `ctime`: it changes when the file is replaced by another, and this one is still whole.
      return size > found.size || (size === found.size && mtime === found.mtime);
    },
    close: () => closed ??= handle.close(),
  };
}
