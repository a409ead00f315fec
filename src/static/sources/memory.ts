/**
 * Files in memory.
 *
 * @module
 */
import { checkOptions, type Checks, fail, is, isRecord } from "../../config.ts";
import { mediaType } from "../media_type.ts";
import type { Entry, Found, Listed, Source } from "../source.ts";
import { hashedEntry } from "./entry.ts";

/** The content of a file: text, bytes, or a function that makes it at the first request. */
export type MemoryContent =
  | string
  | Uint8Array<ArrayBuffer>
  | (() => string | Uint8Array<ArrayBuffer> | Promise<string | Uint8Array<ArrayBuffer>>);

/** A file with metadata. */
export interface MemoryFile {
  /** The content. */
  readonly content: MemoryContent;
  /**
   * The media type; by default that of the extension.
   *
   * @default undefined
   */
  readonly type?: string;
  /**
   * The time of the last modification.
   *
   * @default undefined
   */
  readonly lastModified?: Date;
}

const OPTIONS: Checks<MemoryFile> = {
  content: is(isContent, "text, bytes, or a function that makes them"),
  type: mediaType,
  lastModified: is(
    (value) => value instanceof Date && !Number.isNaN(value.getTime()),
    "a valid Date",
  ),
};

/**
 * Files in memory as a source. Their entity tags are strong hashes of the content.
 *
 * @param files The content of a single file, or files by path: `{ "css/site.css": "…" }`.
 * @returns A source.
 * @throws {TypeError} When a path begins with a slash, or a file has a wrong value.
 *
 * @example
 * ```ts
 * import { memory, notFound, serveStatic } from "@handwerk/handwerk";
 *
 * const app = serveStatic({
 *   "/robots.txt": memory("User-agent: *"),
 *   "/app": memory({ "index.html": "<h1>Hello</h1>", "app.js": () => "console.log(1)" }),
 * })(notFound);
 * const response = await app(new Request("http://localhost/app/"));
 * console.log(await response.text()); // <h1>Hello</h1>
 * ```
 */
export function memory(
  files: MemoryContent | Readonly<Record<string, MemoryContent | MemoryFile>>,
): Source {
  if (isContent(files)) return { find: (segments) => segments.length ? undefined : load(files) };
  if (!isRecord(files)) fail("memory: files", files, 'text, or files such as { "a.html": "<p>" }');
  const loaders = new Map<string, () => Promise<Entry>>();
  const folders = new Set<string>([""]);
  for (const [path, file] of Object.entries(files)) {
    if (path.startsWith("/")) {
      throw new TypeError(
        `memory: ${JSON.stringify(path)} must not begin with a slash; leave it out`,
      );
    }
    if (!isContent(file)) {
      checkOptions(`memory: ${JSON.stringify(path)}`, file, OPTIONS, { required: ["content"] });
    }
    const segments = path.split("/");
    segments.forEach((_, depth) => folders.add(segments.slice(0, depth).join("/")));
    let entry: Promise<Entry> | undefined;
    loaders.set(path, () =>
      entry ??= load(file, segments.at(-1)).catch((error: unknown) => {
        entry = undefined; // the next request tries again
        throw error;
      }));
  }
  return {
    find(segments): Found | Promise<Found> {
      const path = segments.join("/");
      return loaders.get(path)?.() ?? (folders.has(path) ? "directory" : undefined);
    },
    async list(segments) {
      const folder = segments.map((name) => `${name}/`).join("");
      const names = new Map<string, Listed>();
      for (const [path, find] of loaders) {
        if (!path.startsWith(folder)) continue;
        const [name = "", ...below] = path.slice(folder.length).split("/");
        if (below.length > 0) names.set(name, { name, directory: true });
        // A function that fails now may succeed when the file is requested.
        else names.set(name, { ...pick(await find().catch(() => ({}))), name, directory: false });
      }
      return [...names.values()];
    },
  };
}

async function load(file: MemoryContent | MemoryFile, name = ""): Promise<Entry> {
  const { content, type, lastModified } = isContent(file)
    ? { content: file, type: undefined, lastModified: undefined }
    : { type: undefined, lastModified: undefined, ...file };
  const made = typeof content === "function" ? await content() : content;
  const bytes = typeof made === "string" ? new TextEncoder().encode(made) : made;
  return await hashedEntry(name, bytes, {
    type,
    lastModified: lastModified?.getTime(),
    inMemory: true,
  });
}

function pick({ size, lastModified }: Partial<Entry>): Pick<Listed, "size" | "lastModified"> {
  return { size, lastModified };
}

function isContent(value: unknown): value is MemoryContent {
  return typeof value === "string" || typeof value === "function" || value instanceof Uint8Array;
}
