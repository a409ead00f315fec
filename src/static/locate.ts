/**
 * From the path of a request to the file that answers it.
 *
 * @module
 */
import { safeSegments } from "../http/segments.ts";
import type { Guard } from "./guard.ts";
import type { Entry, Source } from "./source.ts";

/** How files are found; the options of `serveStatic` with these names. */
export interface Finding {
  readonly index: readonly string[];
  readonly extensions: readonly string[];
  readonly hideExtensions: boolean;
  readonly trailingSlash: "add" | "remove" | "ignore";
}

/** A file and its names from the export down. */
export interface LocatedFile {
  readonly kind: "file";
  readonly entry: Entry;
  readonly segments: readonly string[];
}

/** What was found. A redirect tells how the last name of the path is to be spelled. */
export type Located =
  | LocatedFile
  | { readonly kind: "directory"; readonly segments: readonly string[]; readonly slash: boolean }
  | { readonly kind: "redirect"; readonly respell: (last: string) => string }
  | { readonly kind: "denied" };

const withSlash = (last: string): string => `./${last}/`;
const withoutSlash = (last: string): string => `../${last}`;

/**
 * Finds what a path below an export asks for.
 *
 * @param path `""`, or a canonical path with its leading slash.
 * @returns `undefined` when there is nothing.
 */
export async function locate(
  source: Source,
  path: string,
  guard: Guard,
  finding: Finding,
): Promise<Located | undefined> {
  const slash = path.endsWith("/");
  const segments = safeSegments(slash ? path.slice(0, -1) : path);
  const verdict = segments ? guard(segments) : "ignore";
  if (verdict === "deny") return { kind: "denied" };
  if (!segments || verdict === "ignore") return undefined;

  const found = await source.find(segments);
  if (typeof found === "object") {
    // A slash behind a file asks for something in it. At the root there is no way to ask without.
    const inside = slash && segments.length > 0;
    const hidden = guard([found.name]) !== "allow";
    const respell = shorter(segments, finding);
    if (!inside && !hidden && !respell) return { kind: "file", entry: found, segments };
    await found.close?.();
    return inside || hidden || !respell ? undefined : { kind: "redirect", respell };
  }
  const { trailingSlash } = finding;
  if (found === "directory") {
    const file = await first(source, guard, finding.index.map((name) => [...segments, name]));
    const right = slash ? trailingSlash !== "remove" || path === "/" : trailingSlash !== "add";
    if (file) return await answerOr(file, right, slash ? withoutSlash : withSlash);
  }
  const last = segments.at(-1);
  if (last !== undefined && (!slash || trailingSlash !== "add")) {
    const names = finding.extensions.map((ext) => [...segments.slice(0, -1), `${last}.${ext}`]);
    const file = await first(source, guard, names);
    if (file) return await answerOr(file, !slash || trailingSlash === "ignore", withoutSlash);
  }
  return found && { kind: "directory", segments, slash };
}

/** The first of several files that is there and allowed. */
async function first(
  source: Source,
  guard: Guard,
  paths: readonly (readonly string[])[],
): Promise<LocatedFile | undefined> {
  for (const segments of paths) {
    if (guard(segments) !== "allow") continue;
    const entry = await source.find(segments);
    if (typeof entry === "object") return { kind: "file", entry, segments };
  }
  return undefined;
}

async function answerOr(
  file: LocatedFile,
  right: boolean,
  respell: (last: string) => string,
): Promise<Located> {
  if (right) return file;
  await file.entry.close?.();
  return { kind: "redirect", respell };
}

/** How to spell a name whose extension is to be hidden. */
function shorter(
  segments: readonly string[],
  { extensions, hideExtensions }: Finding,
): ((last: string) => string) | undefined {
  const name = segments.at(-1);
  if (!hideExtensions || name === undefined) return undefined;
  const hidden = extensions.find((ext) => name.endsWith(`.${ext}`) && name.length > ext.length + 1);
  if (hidden === undefined) return undefined;
  const length = encodeURIComponent(hidden).length + 1;
  return (last) => `./${last.slice(0, -length)}`;
}
