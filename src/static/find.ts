/**
 * Phase 1: resolves the path of a request to a file, a directory, a redirect, or nothing.
 *
 * @module
 */
import { safeSegments } from "../http/safe_path.ts";
import type { Lookups } from "./access.ts";
import { isEntry } from "./source.ts";
import type { Steps } from "./coroutine.ts";
import type { Candidate, FoundPath, StaticSettings } from "./types.ts";

/** What a path leads to. A redirect gives the right spelling of the last name of the path. */
export type FindResult =
  | FoundPath
  | { readonly kind: "directory"; readonly segments: readonly string[] }
  | { readonly kind: "redirect"; readonly respell: (last: string) => string }
  | { readonly kind: "denied" };

const DENIED: FindResult = { kind: "denied" };
/** Links of an index or a listing are relative to the directory. */
const ADD_SLASH = { kind: "redirect", respell: (last: string) => `./${last}/` } as const;
const REMOVE_SLASH: FindResult = { kind: "redirect", respell: (last) => `../${last}` };

/** Finds what a request asks for. */
export function* find(
  candidate: Candidate,
  lookups: Lookups,
  settings: StaticSettings,
): Steps<FindResult | undefined> {
  const { source, path } = candidate;
  const { access, colons, index, extensions, listing, trailingSlash } = settings;
  const hidesNames = settings.hideExtensions || settings.hideIndex;
  const slash = path.endsWith("/");
  const segments = safeSegments(slash ? path.slice(0, -1) : path, colons);
  if (!segments) return undefined;
  const last = segments.at(-1);

  const found = yield* lookups.find(source, segments);
  if (found === "denied") return DENIED;
  if (isEntry(found)) {
    // A slash after a file asks for something in the file. Only the root always has a slash.
    if (slash && last !== undefined) return undefined;
    // A file that is exported alone has a name of its own.
    if (found.name !== last && access([found.name]) !== "allow") return undefined;
    const file = { kind: "file", entry: found, segments } as const;
    return hidesNames ? yield* shortest(candidate, file, lookups, settings) : file;
  }

  const page = found ? yield* findFirst(candidate, segments, index, lookups) : undefined;
  if (page) {
    if (slash) return trailingSlash === "remove" && path !== "/" ? REMOVE_SLASH : page;
    return trailingSlash === "add" ? ADD_SLASH : page;
  }

  if (extensions.length > 0 && last !== undefined && (!slash || trailingSlash !== "add")) {
    const names = extensions.map((extension) => `${last}.${extension}`);
    const file = yield* findFirst(candidate, segments.slice(0, -1), names, lookups);
    if (file && slash && trailingSlash === "remove") return REMOVE_SLASH;
    if (file) return hidesNames ? yield* shortest(candidate, file, lookups, settings) : file;
  }

  if (!found) return undefined;
  const verdict = found === "directory" ? "allow" : access(found.realPath, "directory");
  if (verdict === "deny") return DENIED;
  if (verdict === "ignore" || !listing || !source.list) return undefined;
  return slash ? { kind: "directory", segments } : ADD_SLASH;
}

/** The first of several names in a directory that is a file. */
function* findFirst(
  { source }: Candidate,
  directory: readonly string[],
  names: readonly string[],
  lookups: Lookups,
): Steps<FoundPath | undefined> {
  for (const name of names) {
    const segments = [...directory, name];
    const entry = yield* lookups.find(source, segments);
    if (isEntry(entry)) return { kind: "file", entry, segments };
  }
  return undefined;
}

/** The file, or a redirect if a shorter path leads to it, too. */
function* shortest(
  candidate: Candidate,
  file: FoundPath,
  lookups: Lookups,
  settings: StaticSettings,
): Steps<FindResult> {
  const shorter = shorterPath(candidate.path, file, settings);
  if (!shorter) return file;
  const other = yield* find({ ...candidate, path: shorter.path }, lookups, settings);
  const isSame = other?.kind === "file" && other.segments.join("/") === file.segments.join("/");
  return isSame ? { kind: "redirect", respell: shorter.respell } : file;
}

/** The path without the hidden extension or index, and its spelling relative to the request. */
function shorterPath(
  path: string,
  { segments }: FoundPath,
  { extensions, hideExtensions, hideIndex, index, trailingSlash }: StaticSettings,
): { readonly path: string; readonly respell: (last: string) => string } | undefined {
  const name = segments.at(-1);
  if (name === undefined || path.endsWith("/")) return undefined;
  const hidden = hideExtensions
    ? extensions.find((ext) => name.endsWith(`.${ext}`) && name.length > ext.length + 1)
    : undefined;
  if (index.includes(name) && (hideIndex || hidden !== undefined)) {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (trailingSlash !== "remove" || folder === "/") return { path: folder, respell: () => "./" };
    const bare = folder.slice(0, -1);
    return { path: bare, respell: () => `../${bare.slice(bare.lastIndexOf("/") + 1)}` };
  }
  if (hidden === undefined || !path.endsWith(encodeURIComponent(`.${hidden}`))) return undefined;
  const length = encodeURIComponent(hidden).length + 1;
  return { path: path.slice(0, -length), respell: (last) => `./${last.slice(0, -length)}` };
}
