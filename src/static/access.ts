/**
 * Which names of an export are served, and the lookups of those.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { glob } from "./globs.ts";
import { type Entry, type Found, isEntry, type Source } from "./source.ts";
import { isPromise, type Steps } from "./coroutine.ts";
import type { Access, PathOrigin } from "./types.ts";

/** The options that decide; those of `serveStatic` with these names. */
interface AccessOptions {
  readonly disallow: string | readonly string[];
  readonly isAllowed?: ((path: string) => boolean) | undefined;
  readonly dotfiles: "ignore" | "allow" | "deny";
  /** Whether files are stored in other codings, so that a name may be that of a variant. */
  readonly hasVariants: boolean;
}

/** The names of variants in another coding. A rule for a file applies to its variants, too. */
const CODED = /\.(?:br|gz|zst|[0-9a-f]{64}\.dc[bz])$/i;

/** Compiles the access options. */
export function accessRules(options: AccessOptions): Access {
  const { disallow, isAllowed, dotfiles, hasVariants } = options;
  const matchers = [disallow].flat().map(matcher);
  return (names, origin = "request") => {
    if (origin === "option") return "allow";
    const isReal = origin === "file" || origin === "directory";
    const last = names.at(-1) ?? "";
    // Links may lead through directories with a dot, for example `..data` in Kubernetes.
    const shown = isReal ? [last] : names;
    const segments = isReal
      ? names.filter((name, at) => at === names.length - 1 || !name.startsWith(".."))
      : names;
    if (dotfiles !== "allow" && shown.some((name) => isDotfile(name, origin))) return dotfiles;
    const spellings = [segments];
    if (CODED.test(last)) spellings.push([...segments.slice(0, -1), last.replace(CODED, "")]);
    if (spellings.some((names) => matchers.some((matches) => matches(names)))) return "ignore";
    if (!isAllowed || origin !== "request") return "allow";
    return (hasVariants ? spellings : [segments]).every((names) =>
        requireSync("serveStatic: isAllowed", isAllowed(names.join("/")))
      )
      ? "allow"
      : "ignore";
  };
}

/** A glob without a slash is matched with each segment, a glob with a slash with the whole path. */
function matcher(pattern: string): (names: readonly string[]) => boolean {
  const matches = glob(pattern);
  return pattern.includes("/")
    ? (names) => matches(names.join("/"))
    : (names) => names.some((name) => matches(name));
}

/** RFC 8615 defines the only dotfile for the public. Directory links of Kubernetes are no secret. */
function isDotfile(name: string, origin: PathOrigin): boolean {
  return name.startsWith(".") && name !== ".well-known" &&
    !(origin === "directory" && name.startsWith(".."));
}

/** The lookups of one request. */
export class Lookups {
  readonly #access: Access;
  /** The entries that hold something of their source. */
  readonly held: Entry[] = [];

  /** Starts without an entry. */
  constructor(access: Access) {
    this.#access = access;
  }

  /**
   * Looks up names that are served. A file behind a symbolic link is only found if its real name is
   * served, too.
   *
   * @returns `"denied"` when the response is 403.
   */
  *find(
    source: Source,
    names: readonly string[],
    origin?: PathOrigin,
  ): Steps<Found | "denied"> {
    let verdict = this.#access(names, origin);
    let found = verdict === "allow" ? source.find(names) : undefined;
    if (isPromise(found)) found = (yield found) as Found;
    if (isEntry(found)) {
      if (found.close) this.held.push(found);
      if (found.realPath) verdict = this.#access(found.realPath, "file");
    }
    return verdict === "allow" ? found : verdict === "deny" ? "denied" : undefined;
  }
}
