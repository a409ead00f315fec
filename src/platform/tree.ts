/**
 * A directory or a file that is exported, whatever its path leads to from time to time.
 *
 * @module
 */
import { builtin, type BuiltinModules } from "../runtime.ts";
import { type FoundFile, foundFile, type Placed } from "./found_file.ts";
import { foldCase } from "../http/safe_path.ts";
import { absent, type FileSystemView } from "./file_system.ts";

/** Which symbolic links are followed: those that stay below the root, all of them, or none. */
export type Links = "inside" | "follow" | "deny";

/** A directory with what is below it, or a single file. Segments are safe names; none is itself. */
export interface Tree {
  /** The name of the tree itself. */
  readonly name: string;
  /** Finds a regular file, or tells a directory apart; opens neither. */
  find(segments: readonly string[]): Promise<FoundFile | FoundDirectory | undefined>;
  /** Lists at most `most` names of a directory that `find` told apart. */
  list(segments: readonly string[], most: number): Promise<readonly Name[]>;
}

/** A directory that was found. */
export interface FoundDirectory {
  readonly directory: true;
  /** Its names below the tree, if a link led to it; outside of the tree, the last one alone. */
  readonly realPath: readonly string[] | undefined;
}

/** One name in a directory. */
export interface Name {
  readonly name: string;
  readonly directory: boolean;
  readonly size: number;
  readonly lastModified: number;
  /** As those of what is found. */
  readonly realPath: readonly string[] | undefined;
}

/** How many names of a folder are looked at together. */
const AT_ONCE = 32;
/** How often a path is followed whose root is switched meanwhile, as deployments do. */
const ATTEMPTS = 5;

/** Makes the tree of an absolute path. */
export function treeAt(
  fs: BuiltinModules["node:fs"],
  seeing: FileSystemView,
  at: string,
  name: string,
  links: Links,
): Tree {
  const path = builtin("node:path");
  let root: string | undefined;
  let ignoresCase: Promise<boolean> | undefined;
  const rootNow = (): Promise<string | undefined> => fs.promises.realpath(at).catch(absent);
  return { name, find, list };

  async function find(
    segments: readonly string[],
  ): Promise<FoundFile | FoundDirectory | undefined> {
    const found = await look(segments);
    if (found?.stat.isDirectory()) return { directory: true, realPath: found.realPath };
    if (!found?.stat.isFile()) return undefined;
    const own = path.basename(found.real);
    const isRenamed = segments.length === 0 && own !== name;
    return foundFile(seeing, isRenamed ? { ...found, realPath: [own] } : found);
  }

  async function list(segments: readonly string[], most: number): Promise<readonly Name[]> {
    const found = await look(segments);
    const named = found && await seeing.within(found.root, found.real, async (folder) => {
      const names = (await fs.promises.readdir(folder).catch(absent) ?? []).slice(0, most);
      const listed: (Name | undefined)[] = [];
      // Not all at once, or files that are asked for meanwhile would wait behind them.
      for (let at = 0; at < names.length; at += AT_ONCE) {
        const some = names.slice(at, at + AT_ONCE).map((name) =>
          // One name that the disk cannot tell of does not cost the others.
          nameIn(folder, segments, found, name).catch(() => undefined)
        );
        listed.push(...await Promise.all(some));
      }
      return listed;
    });
    return named?.filter((name) => name !== undefined) ?? [];
  }

  async function nameIn(
    folder: string,
    segments: readonly string[],
    { realPath }: Placed,
    name: string,
  ): Promise<Name | undefined> {
    const at = path.join(folder, name);
    const stat = await fs.promises.lstat(at, { bigint: true }).catch(absent);
    const placed = stat?.isSymbolicLink()
      ? await look([...segments, name])
      : stat && { stat, realPath: realPath && [...realPath, name] };
    if (!placed?.stat.isFile() && !placed?.stat.isDirectory()) return undefined;
    const { size, mtimeNs } = placed.stat;
    return {
      name,
      directory: placed.stat.isDirectory(),
      size: Number(size),
      lastModified: Number(mtimeNs) / 1e6,
      realPath: placed.realPath,
    };
  }

  /** What is found below the root, which was the same before and after. */
  async function look(
    segments: readonly string[],
    attempts = ATTEMPTS,
  ): Promise<Placed | undefined> {
    // The name of a drive, or of a stream of a file.
    if (path.sep === "\\" && segments.some((name) => name.includes(":"))) return undefined;
    const before = root ?? await rootNow();
    const full = before === undefined ? "" : path.join(before, ...segments);
    const seen = before === undefined ? undefined : await seeing.see(before, full);
    const now = root = await rootNow();
    if (now !== before) return attempts > 1 ? await look(segments, attempts - 1) : undefined;
    if (now === undefined || !seen || !mayFollow(now, full, seen.real)) return undefined;
    if (seen.real === full) return { ...seen, root: now, realPath: undefined };
    if (!await isSpelled(now, segments, seen.real)) return undefined;
    return { ...seen, root: now, realPath: namesBelow(now, seen.real) };
  }

  /**
   * Whether names are spelled as in their folders, or as people write what is spelled there in another
   * Unicode form. Where case is ignored, `/ADMIN` would get around what guards `/admin`.
   */
  async function isSpelled(
    root: string,
    segments: readonly string[],
    real: string,
  ): Promise<boolean> {
    const isAsked = foldCase(real) === foldCase(path.join(root, ...segments));
    if (!isAsked && !await (ignoresCase ??= ignoresCaseOf(root))) return true;
    for (const [depth, name] of segments.entries()) {
      const folder = path.join(root, ...segments.slice(0, depth));
      const names = await fs.promises.readdir(folder).catch(absent);
      if (!names?.some((own) => own === name || own.normalize("NFC") === name)) return false;
    }
    return true;
  }

  async function ignoresCaseOf(root: string): Promise<boolean> {
    const upper = root.toUpperCase();
    const other = upper === root ? root.toLowerCase() : upper;
    const stat = async (at: string): Promise<bigint | undefined> =>
      (await fs.promises.stat(at, { bigint: true }).catch(absent))?.ino;
    const found = other === root ? undefined : await stat(other);
    return found !== undefined && found === await stat(root);
  }

  function mayFollow(root: string, full: string, real: string): boolean {
    return links === "inside" ? isBelow(root, real) : links === "follow" || real === full;
  }

  function namesBelow(root: string, real: string): readonly string[] {
    if (real === root || !isBelow(root, real)) return [path.basename(real)];
    return path.relative(root, real).split(path.sep);
  }

  function isBelow(root: string, real: string): boolean {
    return real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
  }
}
