/**
 * Directories and single files as sources.
 *
 * @module
 */
import { type Files, type Links, type OpenFile, runtimeFiles } from "../../runtime/files.ts";
import type { Content, Entry, Source } from "../source.ts";

/** Files up to this size are read at once: one read is cheaper than a stream. */
const SMALL = 64 * 1024;
/** The bytes that a stream holds at a time. */
const CHUNK = 256 * 1024;
/**
 * Times that build tools write instead of the real one: 1970, 1 second later (Nix), 1980 (zip),
 * 1985 (npm). A validator from one would call a changed file unchanged.
 */
const SENTINELS = new Set([0, 1000, 315_532_800_000, 499_162_500_000]);

/** Options of {@linkcode directory}. */
export interface DirectoryOptions {
  /**
   * Which symbolic links are followed: `"inside"` those that stay below the directory, `"follow"`
   * all of them, `"deny"` none. Default `"inside"`.
   */
  readonly symlinks?: "inside" | "follow" | "deny";
}

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
  return fileSystem(path, "directory", options.symlinks);
}

/** As {@linkcode directory}, with errors in the name of `option`. */
export function fileSystem(
  path: string | URL,
  option: string,
  symlinks: Links = "inside",
): Source {
  const refuse = (why: string): never => {
    throw new TypeError(`${option}: ${JSON.stringify(String(path))} ${why}`);
  };
  if (!["inside", "follow", "deny"].includes(symlinks)) {
    throw new TypeError(`${option}: symlinks must be "inside", "follow" or "deny"`);
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
  const root = files.resolve(path);
  return {
    list: (segments) => files.list(root.path, segments, symlinks),
    find: async (segments) => {
      if (kind === "file" && segments.length > 0) return undefined;
      const file = await files.open(root.path, segments, symlinks);
      return typeof file === "object" ? entry(segments.at(-1) ?? root.name, file) : file;
    },
  };
}

function entry(name: string, file: OpenFile): Entry {
  const known = !SENTINELS.has(file.mtime);
  return {
    name,
    size: file.size,
    lastModified: known ? file.mtime : undefined,
    // Weak: two changes within one tick of the clock would share the tag.
    etag: known ? `W/"${file.size.toString(16)}-${micros(file.mtime).toString(16)}"` : undefined,
    open: ({ start, end } = { start: 0, end: file.size }) =>
      end - start <= SMALL ? readAll(file, start, end) : stream(file, start, end),
    close: () => file.close(),
  };
}

/** File systems keep parts of a millisecond. */
function micros(time: number): number {
  return Math.round(time * 1000);
}

async function readAll(file: OpenFile, start: number, end: number): Promise<Content> {
  try {
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.length;) at += await readSome(file, bytes.subarray(at), start + at);
    return bytes;
  } finally {
    await file.close();
  }
}

function stream(file: OpenFile, start: number, end: number): Content {
  let at = start;
  return new ReadableStream({
    async pull(controller) {
      try {
        const chunk = new Uint8Array(Math.min(CHUNK, end - at));
        const count = await readSome(file, chunk, at);
        at += count;
        controller.enqueue(chunk.subarray(0, count));
        if (at < end) return;
        await file.close();
        controller.close();
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}

/** A file that got shorter must not become a body that looks complete. */
async function readSome(file: OpenFile, buffer: Uint8Array, position: number): Promise<number> {
  const count = await file.read(buffer, position);
  if (count === 0) throw new Error(`the file ended at ${position} of ${file.size} bytes`);
  return count;
}
