/**
 * Where a frame is in what was written, and the text around it.
 *
 * @module
 */
import { fileOf, isSourceFile } from "./classify.ts";
import { readSourceMap, type SourceMap } from "./source_map.ts";
import type { StackLine } from "./stack.ts";

/** Reads the text of a file; `undefined` when there is none. */
export type ReadText = (file: string) => Promise<string | undefined>;

/** Lines of a source. */
export interface Excerpt {
  /** The number of the first line. */
  readonly first: number;
  /** The lines, without their ends. */
  readonly lines: readonly string[];
}

/** A frame where it was written. */
export interface LocatedLine extends StackLine {
  /** The path of the file, or what the runtime calls it. */
  readonly file: string;
  /** The lines around, when they can be read. */
  readonly excerpt: Excerpt | undefined;
}

/** How many lines are kept on each side of the one that matters. */
const AROUND = 25;
const LONGEST_LINE = 500;
const COMMENT = "//# sourceMappingURL=";

/** Finds frames; each file and each map is read once. */
export function createLocator(read: ReadText): (line: StackLine) => Promise<LocatedLine> {
  const texts = once(read);
  const maps = once(async (file) => {
    const text = await texts(file);
    return text === undefined ? undefined : await mapOf(file, text, read);
  });
  return async (frame) => {
    const file = fileOf(frame.url);
    if (!isSourceFile(file) || frame.line === 0) return { ...frame, file, excerpt: undefined };
    const map = await maps(file);
    const original = map?.find(frame.line, frame.column);
    const source = map && original && beside(map.file, original.source);
    if (original && source !== undefined && isSourceFile(source)) {
      const { line, column } = original;
      const text = original.text ?? await texts(source);
      return { ...frame, line, column, file: source, excerpt: excerptOf(text, line) };
    }
    return { ...frame, file, excerpt: excerptOf(await texts(file), frame.line) };
  };
}

/** The lines around one; `undefined` when the text does not reach that far. */
export function excerptOf(text: string | undefined, line: number): Excerpt | undefined {
  const lines = text?.split(/\r\n|[\n\r\u2028\u2029]/) ?? [];
  if (line < 1 || line > lines.length) return undefined;
  const first = Math.max(1, line - AROUND);
  const cut = (text: string): string =>
    text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
  return { first, lines: lines.slice(first - 1, line + AROUND).map(cut) };
}

/** The map that a file names; its sources are beside `file` of the map. */
async function mapOf(
  file: string,
  text: string,
  read: ReadText,
): Promise<(SourceMap & { readonly file: string }) | undefined> {
  const at = text.lastIndexOf(COMMENT);
  if (at < 0) return undefined;
  const [url = ""] = text.slice(at + COMMENT.length).split(/\s/, 1);
  const own = url.startsWith("data:");
  const path = own ? file : beside(file, url);
  // The comment may name any file; only a map is read.
  if (path === undefined || !own && !path.endsWith(".map")) return undefined;
  const map = readSourceMap((own ? dataText(url) : await read(path)) ?? "");
  return map && { ...map, file: path };
}

/** The path that a relative reference in a file leads to. */
function beside(file: string, reference: string): string | undefined {
  const absolute = file.startsWith("/") || /^[A-Za-z]:[/\\]/.test(file);
  try {
    const slashes = file.replaceAll("\\", "/").replace(/^([A-Za-z]:)/, "/$1");
    const base = new URL(`file://${absolute ? "" : "/"}${slashes}`);
    const url = new URL(reference, base);
    if (url.protocol !== "file:" || url.host !== "") return undefined;
    // Where names are not absolute, as in a Worker, they stay as they are.
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

function once<T>(load: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const value = known.get(key) ?? load(key);
    known.set(key, value);
    return value;
  };
}
