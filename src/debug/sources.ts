/**
 * Finds the file and the lines that a frame was written in.
 *
 * @module
 */
import { readSourceMap, type SourceMap } from "./source_map.ts";
import type { Excerpt, FrameKind, FrameModel, StackLine } from "./types.ts";

/** Reads the text of a file; `undefined` when it cannot be read. */
export type ReadText = (file: string) => Promise<string | undefined>;

/** A frame at the position where it was written. */
export type LocatedLine = Omit<FrameModel, "id" | "shortFile" | "live">;

const LIBRARY = /[/\\](?:node_modules|registry\.npmjs\.org|vendor)[/\\]|^(?:npm|jsr|https?):/;
const RUNTIME = /^(?:node|ext|deno|bun|cloudflare|internal|native|wasm|evalmachine|\[)|^$/;
/** The folder of this library, unless it is bundled with the application. */
const OWN = /^(.*\/)debug\/sources\.ts$|^(.*\/dist\/)chunks\/debug\.js$/
  .exec(import.meta.url)?.slice(1).find(Boolean);
const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx|vue|svelte|astro)$/;
/** The number of lines on each side of the position. */
const AROUND = 25;
const LONGEST_LINE = 500;
const COMMENT = "//# sourceMappingURL=";

/** Returns a function that locates frames. It reads each file and each map once. */
export function createLocator(read: ReadText): (line: StackLine) => Promise<LocatedLine> {
  const texts = once(read);
  const maps = once(async (file) => await mapOf(file, await texts(file), read));
  return async (frame) => {
    const file = fileOf(frame.url);
    const kind = classify(frame.url);
    if (!isSourceFile(file) || frame.line === 0) {
      return { ...frame, file, kind, excerpt: undefined };
    }
    // Frames of libraries are folded, and their maps are large.
    const map = kind === "library" ? undefined : await maps(file);
    const original = map?.find(frame.line, frame.column);
    const source = map && original && beside(map.file, original.source);
    if (original && source !== undefined && isSourceFile(source)) {
      const { line, column } = original;
      const excerpt = excerptOf(original.text ?? await texts(source), line);
      return { ...frame, line, column, file: source, kind, excerpt };
    }
    return { ...frame, file, kind, excerpt: excerptOf(await texts(file), frame.line) };
  };
}

/** Tells whose code a script is. */
export function classify(url: string): FrameKind {
  if (LIBRARY.test(url)) return "library";
  if (OWN !== undefined && (url.startsWith(OWN) || url.startsWith(fileOf(OWN)))) return "library";
  return RUNTIME.test(url) && !/^\w+\.[cm]?[jt]sx?$/.test(url) ? "runtime" : "application";
}

/** The path of a `file:` URL, as the system writes it; other scripts keep their name. */
export function fileOf(url: string): string {
  if (!url.startsWith("file://")) return url.replace(/[?#].*$/s, "");
  try {
    const path = decodeURIComponent(new URL(url).pathname);
    return /^\/[A-Za-z]:\//.test(path) ? path.slice(1) : path;
  } catch {
    return url;
  }
}

/**
 * Whether the name is one of source text. No other file is read for an excerpt, so that a forged
 * stack cannot show a key or a password file.
 */
export function isSourceFile(file: string): boolean {
  return SOURCE.test(file) && !file.includes("\0");
}

/** The lines around one; `undefined` when the text does not reach that far. */
export function excerptOf(text: string | undefined, line: number): Excerpt | undefined {
  const all = text?.split(/\r\n|[\n\r\u2028\u2029]/) ?? [];
  if (line < 1 || line > all.length) return undefined;
  const first = Math.max(1, line - AROUND);
  const lines: string[] = [];
  for (const text of all.slice(first - 1, line + AROUND)) {
    lines.push(text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text);
  }
  return { first, lines };
}

/** The map that a file names. Its sources are relative to `file` of the map. */
async function mapOf(
  file: string,
  text = "",
  read: ReadText,
): Promise<{ readonly file: string; readonly find: SourceMap } | undefined> {
  const at = text.lastIndexOf(COMMENT);
  if (at < 0) return undefined;
  const [url = ""] = text.slice(at + COMMENT.length).split(/\s/, 1);
  const inline = url.startsWith("data:");
  const path = inline ? file : beside(file, url);
  // The comment may name any file; only maps are read.
  if (path === undefined || !inline && !path.endsWith(".map")) return undefined;
  const find = readSourceMap((inline ? dataText(url) : await read(path)) ?? "");
  return find && { file: path, find };
}

/** The path of a reference that is relative to a file. */
function beside(file: string, reference: string): string | undefined {
  const absolute = file.startsWith("/") || /^[A-Za-z]:[/\\]/.test(file);
  try {
    const slashes = file.replaceAll("\\", "/").replace(/^([A-Za-z]:)/, "/$1");
    const url = new URL(reference, new URL(`file://${absolute ? "" : "/"}${slashes}`));
    if (url.protocol !== "file:" || url.host !== "") return undefined;
    // The modules of a Worker have relative names.
    return absolute ? fileOf(url.href) : decodeURIComponent(url.pathname.slice(1));
  } catch {
    return undefined;
  }
}

function dataText(url: string): string | undefined {
  const comma = url.indexOf(",");
  try {
    const data = decodeURIComponent(url.slice(comma + 1));
    if (!url.slice(0, comma).endsWith(";base64")) return data;
    return new TextDecoder().decode(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** The same function, called once for each key. */
function once<T>(load: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const value = known.get(key) ?? load(key);
    known.set(key, value);
    return value;
  };
}
