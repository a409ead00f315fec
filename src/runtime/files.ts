/**
 * Files on Node, Deno and Bun, through the built-in modules that all three have. They are asked for
 * when a directory is exported, so that bundlers for Cloudflare Workers never see them.
 *
 * @module
 */

type Builtins = Readonly<{
  fs: typeof import("node:fs");
  path: typeof import("node:path");
  url: typeof import("node:url");
}>;

/** An open regular file. */
export interface OpenFile {
  /** Tells this file, as it is now, from any other. */
  readonly identity: string;
  /** The length in bytes when it was opened. */
  readonly size: number;
  /** The time of the last change, in milliseconds since the epoch. */
  readonly mtime: number;
  /** Fills `buffer` from `position` on, and tells how much there was. */
  read(buffer: Uint8Array, position: number): Promise<number>;
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
   * Opens a regular file below `root`; a directory is told apart, and not opened. What was checked
   * is what was opened.
   *
   * @param root A path that `resolve` gave.
   * @param segments Safe names; none opens `root` itself.
   */
  open(
    root: string,
    segments: readonly string[],
    links: Links,
  ): Promise<OpenFile | "directory" | undefined>;
  /** The identity of what is at a path now, for an entry that was opened before. */
  identify(root: string, segments: readonly string[]): Promise<string | undefined>;
  /** Lists a directory that `open` told apart: regular files and directories, links as asked. */
  list(root: string, segments: readonly string[], links: Links): Promise<readonly Name[]>;
}

/** A directory with more names is not listed further. */
const MOST_NAMES = 10_000;

/** One name in a directory. */
export interface Name {
  readonly name: string;
  readonly directory: boolean;
  readonly size: number;
  readonly lastModified: number;
}

/** The files of this runtime. Throws where there is no file system. */
export function runtimeFiles(): Files {
  const runtime = globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } };
  const builtin = runtime.process?.getBuiltinModule;
  const fs = builtin?.("node:fs") as Builtins["fs"] | undefined;
  // Workers may emulate node:fs over an empty disk; what is missing there says so.
  if (!builtin || !fs) throw new Error("this runtime has no file system");
  return nodeFiles({
    fs,
    path: builtin("node:path") as Builtins["path"],
    url: builtin("node:url") as Builtins["url"],
  });
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

function nodeFiles({ fs, path, url }: Builtins): Files {
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
    async open(root, segments, links) {
      const full = path.join(root, ...segments);
      const handle = await fs.promises.open(full, flags).catch(absent);
      if (!handle) return undefined;
      let kept = false;
      try {
        const opened = await handle.stat();
        if (!opened.isFile() && !opened.isDirectory()) return undefined;
        const real = await fs.promises.realpath(full).catch(absent);
        const now = real === undefined ? undefined : await fs.promises.stat(real).catch(absent);
        // A link that was swapped after the open leads to another file than the one we hold.
        if (!real || now?.ino !== opened.ino || now.dev !== opened.dev) return undefined;
        if (links === "deny" ? real !== full : links === "inside" && !isBelow(root, real)) {
          return undefined;
        }
        if (opened.isDirectory()) return "directory";
        kept = true;
        return openFile(handle, opened);
      } finally {
        if (!kept) await handle.close();
      }
    },
    async identify(root, segments) {
      const stat = await fs.promises.stat(path.join(root, ...segments)).catch(absent);
      return stat?.isFile() ? identityOf(stat) : undefined;
    },
    async list(root, segments, links) {
      const folder = path.join(root, ...segments);
      const names = (await fs.promises.readdir(folder)).slice(0, MOST_NAMES);
      const listed: Name[] = [];
      for (const name of names) {
        const full = path.join(folder, name);
        const real = await fs.promises.realpath(full).catch(absent);
        if (!real || (links === "deny" && real !== full)) continue;
        if (links === "inside" && !isBelow(root, real)) continue;
        const stat = await fs.promises.stat(real).catch(absent);
        if (!stat?.isFile() && !stat?.isDirectory()) continue;
        listed.push({
          name,
          directory: stat.isDirectory(),
          size: stat.size,
          lastModified: stat.mtimeMs,
        });
      }
      return listed;
    },
  };

  function isBelow(root: string, real: string): boolean {
    return real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
  }
}

function openFile(
  handle: import("node:fs/promises").FileHandle,
  stat: import("node:fs").Stats,
): OpenFile {
  let closed: Promise<void> | undefined;
  return {
    identity: identityOf(stat),
    size: stat.size,
    mtime: stat.mtimeMs,
    read: async (buffer, position) =>
      (await handle.read(buffer, 0, buffer.length, position)).bytesRead,
    close: () => closed ??= handle.close(),
  };
}

function identityOf({ dev, ino, size, mtimeMs, ctimeMs }: import("node:fs").Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join();
}

function absent(error: unknown): undefined {
  if (ABSENT.has((error as { code?: string }).code ?? "")) return undefined;
  throw error;
}
