/**
 * Files that are there in another coding, too.
 *
 * @module
 */
import type { ChooseCoding } from "../http/negotiation.ts";
import { type Access, findAllowed } from "./access.ts";
import type { LocatedFile } from "./find.ts";
import { andThen, type MaybePromise } from "./soon.ts";
import { type Entry, isEntry, type Source } from "./source.ts";

/** A content coding that files are stored in. */
export type Coding = "br" | "zstd" | "gzip";

/** What stands behind the name of a file in a coding. */
export const EXTENSIONS: Readonly<Record<Coding, string>> = {
  br: ".br",
  zstd: ".zst",
  gzip: ".gz",
};

/** A coding, and what stands behind the name of a file that is stored in it. */
export interface Stored {
  /** The name in `Content-Encoding`. */
  readonly coding: string;
  /** With its dot. */
  readonly extension: string;
}

/** The representation to send. */
export interface Variant {
  readonly entry: Entry;
  /** `undefined` for the file as it is when the client refuses that, and all others that there are. */
  readonly coding: string | undefined;
}

/**
 * Selects among a file and its siblings in other codings. Closes what is not selected.
 *
 * @param choose Chooses by the `Accept-Encoding` of the request.
 * @param stored The siblings to look for, in order of preference.
 */
export function selectVariant(
  file: LocatedFile,
  source: Source,
  guard: Access,
  choose: ChooseCoding,
  stored: readonly Stored[],
): MaybePromise<Variant> {
  const { entry, segments } = file;
  const last = segments.at(-1);
  const selectFrom = (left: readonly Stored[]): MaybePromise<Variant> => {
    const coding = choose(left.map(({ coding }) => coding));
    const chosen = left.find((one) => one.coding === coding);
    if (!chosen) return { entry, coding };
    const names = [...segments.slice(0, -1), `${last}${chosen.extension}`];
    const found = guard(names, "variant") === "allow"
      ? findAllowed(source, names, guard)
      : undefined;
    return andThen(
      found,
      (coded): MaybePromise<Variant> =>
        isEntry(coded)
          ? andThen(entry.close?.(), () => ({ entry: coded, coding }))
          : selectFrom(left.filter((one) => one !== chosen)),
    );
  };
  return selectFrom(last === undefined ? [] : stored);
}
