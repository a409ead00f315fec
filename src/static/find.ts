/**
 * From the path of a request to the file that answers it.
 *
 * @module
 */
import { safeSegments } from "../http/safe_path.ts";
import { type Access, findAllowed } from "./access.ts";
import { andThen, type MaybePromise } from "./soon.ts";
import { type Entry, type Found, isEntry, type Source } from "./source.ts";

/** How files are found; the options of `serveStatic` with these names. */
export interface Finding {
  readonly index: readonly string[];
  readonly extensions: readonly string[];
  readonly hideExtensions: boolean;
  readonly hideIndex: boolean;
  readonly colons: boolean;
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
export function findFile(
  source: Source,
  path: string,
  guard: Access,
  finding: Finding,
): MaybePromise<Located | undefined> {
  const slash = path.endsWith("/");
  const segments = safeSegments(slash ? path.slice(0, -1) : path, finding.colons);
  const verdict = segments ? guard(segments) : "ignore";
  if (verdict === "deny") return { kind: "denied" };
  if (!segments || verdict === "ignore") return undefined;

  const { trailingSlash } = finding;
  const among = (names: readonly (readonly string[])[]): MaybePromise<LocatedFile | undefined> =>
    first(source, guard, names);
  /** The file, unless a shorter path leads to it, too. */
  const shortest = (file: LocatedFile): MaybePromise<Located> => {
    const shorter = shorterPath(path, file, finding);
    if (!shorter) return file;
    return andThen(
      findFile(source, shorter.path, guard, finding),
      (there): MaybePromise<Located> => {
        if (there?.kind !== "file") return file;
        const same = there.segments.join("/") === file.segments.join("/");
        return andThen(
          there.entry.close?.(),
          () => same ? redirected(file, shorter.respell) : file,
        );
      },
    );
  };

  return andThen(
    findAllowed(source, segments, guard),
    (found): MaybePromise<Located | undefined> => {
      if (found === "denied") return { kind: "denied" };
      if (isEntry(found)) {
        // A slash behind a file asks for something in it. At the root there is no way to ask without.
        const inside = slash && segments.length > 0;
        const hidden = guard([found.name]) !== "allow";
        return inside || hidden
          ? andThen(found.close?.(), () => undefined)
          : shortest({ kind: "file", entry: found, segments });
      }
      const index = found ? among(finding.index.map((name) => [...segments, name])) : undefined;
      return andThen(index, (file): MaybePromise<Located | undefined> => {
        const right = slash ? trailingSlash !== "remove" || path === "/" : trailingSlash !== "add";
        if (file) return right ? file : redirected(file, slash ? withoutSlash : withSlash);
        const last = segments.at(-1);
        const extended = last !== undefined && (!slash || trailingSlash !== "add")
          ? among(finding.extensions.map((ext) => [...segments.slice(0, -1), `${last}.${ext}`]))
          : undefined;
        return andThen(
          extended,
          (file): MaybePromise<Located | undefined> =>
            file
              ? slash && trailingSlash === "remove"
                ? redirected(file, withoutSlash)
                : shortest(file)
              : folderOr(found, segments, slash, guard),
        );
      });
    },
  );
}

/** A directory that may be listed. */
function folderOr(
  found: Exclude<Found, Entry>,
  segments: readonly string[],
  slash: boolean,
  guard: Access,
): Located | undefined {
  const verdict = typeof found === "object" ? guard(found.realPath, "folder") : "allow";
  if (verdict === "deny") return { kind: "denied" };
  return found && verdict === "allow" ? { kind: "directory", segments, slash } : undefined;
}

/** The first of several files that is there and allowed. */
function first(
  source: Source,
  guard: Access,
  [segments, ...others]: readonly (readonly string[])[],
): MaybePromise<LocatedFile | undefined> {
  if (!segments) return undefined;
  const found = guard(segments) === "allow" ? findAllowed(source, segments, guard) : undefined;
  return andThen(
    found,
    (entry): MaybePromise<LocatedFile | undefined> =>
      isEntry(entry) ? { kind: "file", entry, segments } : first(source, guard, others),
  );
}

function redirected(
  { entry }: LocatedFile,
  respell: (last: string) => string,
): MaybePromise<Located> {
  return andThen(entry.close?.(), () => ({ kind: "redirect", respell }));
}

/** The path without what is to be hidden, and how to spell it from here. */
function shorterPath(
  path: string,
  { segments }: LocatedFile,
  { extensions, hideExtensions, hideIndex, index, trailingSlash }: Finding,
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
