/**
 * Which names of an export are served.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { glob } from "./globs.ts";
import { andThen, type MaybePromise } from "./soon.ts";
import { type Found, isEntry, type Source } from "./source.ts";

/** What becomes of a path: it is looked up, passed on as if it were missing, or answered with 403. */
export type Verdict = "allow" | "ignore" | "deny";

/**
 * What a path is: asked for, that of a variant of a file that is allowed, or the real one of a file
 * or a folder that a link leads to.
 */
export type Naming = "asked" | "variant" | "file" | "folder";

/** Decides about the decoded names of a path below an export. */
export type Access = (names: readonly string[], naming?: Naming) => Verdict;

/** What decides; the options of `serveStatic` with these names. */
export interface AccessOptions {
  readonly disallow: string | readonly string[];
  readonly isAllowed: ((path: string) => boolean) | undefined;
  readonly dotfiles: "ignore" | "allow" | "deny";
  /** Whether files are looked for in other codings, so that a name may be that of a variant. */
  readonly coded: boolean;
}

/** Names that variants of a file in another coding have. What guards the file guards them. */
const CODED = /\.(?:br|gz|zst|[0-9a-f]{64}\.dc[bz])$/i;

/**
 * Makes the guard of an export.
 */
export function accessRules({ disallow, isAllowed, dotfiles, coded }: AccessOptions): Access {
  const matchers = [disallow].flat().map(matcher);
  return (names, naming = "asked") => {
    const isReal = naming === "file" || naming === "folder";
    const last = names.at(-1) ?? "";
    // Links may lead through folders with a dot, as those of Kubernetes do through `..data`.
    const shown = isReal ? [last] : names;
    const segments = isReal
      ? names.filter((name, at) => at === names.length - 1 || !name.startsWith(".."))
      : names;
    const isHidden = naming === "folder" ? isHiddenFolder : isDotfile;
    if (dotfiles !== "allow" && shown.some(isHidden)) return dotfiles;
    const spellings = [segments];
    if (CODED.test(last)) spellings.push([...segments.slice(0, -1), last.replace(CODED, "")]);
    if (spellings.some((names) => matchers.some((matches) => matches(names)))) return "ignore";
    if (!isAllowed || naming !== "asked") return "allow";
    return (coded ? spellings : [segments]).every((names) =>
        requireSync("serveStatic: isAllowed", isAllowed(names.join("/")))
      )
      ? "allow"
      : "ignore";
  };
}

/**
 * Looks up names that the guard allows. A file behind a link is not found where its own name is not
 * served.
 *
 * @returns What was found; `"denied"` where that is to be answered with 403.
 */
export function findAllowed(
  source: Source,
  segments: readonly string[],
  guard: Access,
): MaybePromise<Found | "denied"> {
  return andThen(source.find(segments), (found): MaybePromise<Found | "denied"> => {
    if (!isEntry(found) || !found.realPath) return found;
    const verdict = guard(found.realPath, "file");
    if (verdict === "allow") return found;
    return andThen(found.close?.(), () => verdict === "deny" ? "denied" : undefined);
  });
}

/** A glob without a slash is held against every segment, one with a slash against the whole path. */
function matcher(pattern: string): (names: readonly string[]) => boolean {
  const matches = glob(pattern);
  return pattern.includes("/")
    ? (names) => matches(names.join("/"))
    : (names) => names.some((name) => matches(name));
}

/** RFC 8615 gives the one name with a dot that is meant to be asked for. */
function isDotfile(name: string): boolean {
  return name.startsWith(".") && name !== ".well-known";
}

/** The names that Kubernetes gives to folders are no secret; nobody asks for them. */
function isHiddenFolder(name: string): boolean {
  return isDotfile(name) && !name.startsWith("..");
}
