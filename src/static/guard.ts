/**
 * Which names of an export are served.
 *
 * @module
 */
import { atOnce } from "../callbacks.ts";
import { glob } from "./globs.ts";

/** What becomes of a path: it is looked up, passed on as if it were missing, or answered with 403. */
export type Verdict = "allow" | "ignore" | "deny";

/**
 * Decides about the decoded names of a path below an export. Of a `variant` of a file that is allowed
 * only its own name is still to be judged.
 */
export type Guard = (segments: readonly string[], variant?: boolean) => Verdict;

/** What decides; the options of `serveStatic` with these names. */
export interface GuardOptions {
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
export function guarding({ disallow, isAllowed, dotfiles, coded }: GuardOptions): Guard {
  const matchers = [disallow].flat().map(matcher);
  return (segments, variant = false) => {
    if (dotfiles !== "allow" && segments.some(isHidden)) return dotfiles;
    const last = segments.at(-1) ?? "";
    const spellings = [segments];
    if (CODED.test(last)) spellings.push([...segments.slice(0, -1), last.replace(CODED, "")]);
    if (spellings.some((names) => matchers.some((matches) => matches(names)))) return "ignore";
    if (!isAllowed || variant) return "allow";
    return (coded ? spellings : [segments]).every((names) =>
        atOnce("serveStatic: isAllowed", isAllowed(names.join("/")))
      )
      ? "allow"
      : "ignore";
  };
}

/** A glob without a slash is held against every segment, one with a slash against the whole path. */
function matcher(pattern: string): (names: readonly string[]) => boolean {
  const matches = glob(pattern);
  return pattern.includes("/")
    ? (names) => matches(names.join("/"))
    : (names) => names.some((name) => matches(name));
}

/** RFC 8615 gives the one name with a dot that is meant to be asked for. */
function isHidden(name: string): boolean {
  return name.startsWith(".") && name !== ".well-known";
}
