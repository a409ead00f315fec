/**
 * Whose code a frame is, and how its file is called.
 *
 * @module
 */

/** Whose code it is: that of the application, of a library it uses, or of the runtime. */
export type FrameKind = "application" | "library" | "runtime";

const LIBRARY = /[/\\](?:node_modules|registry\.npmjs\.org|vendor)[/\\]|^(?:npm|jsr|https?):/;
const RUNTIME = /^(?:node|ext|deno|bun|cloudflare|internal|native|wasm|evalmachine|\[)|^$/;
/** The folder of this library, when it is not bundled with the application. */
const OWN = /^(.*\/)(?:debug\/classify\.ts|chunks\/debug\.js)$/.exec(import.meta.url)?.[1];
const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx|vue|svelte|astro)$/;

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

/** A file as people call it: from the working directory, when it is below. */
export function shortName(file: string, directory: string): string {
  const below = directory === "" || directory === "/" ? "" : `${directory}/`;
  return below !== "" && file.startsWith(below) ? file.slice(below.length) : file;
}

/**
 * Whether the name is one of source text. Nothing else is ever read for an excerpt, so that no
 * stack, real or forged, can show a key or a password file.
 */
export function isSourceFile(file: string): boolean {
  return SOURCE.test(file) && !file.includes("\0");
}
