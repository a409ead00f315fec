/**
 * Files that are there in another coding, too.
 *
 * @module
 */
import { negotiateCoding } from "../http/negotiation.ts";
import type { Guard } from "./guard.ts";
import type { LocatedFile } from "./locate.ts";
import type { Entry, Source } from "./source.ts";

/** A content coding that files are stored in. */
export type Coding = "br" | "zstd" | "gzip";

/** What stands behind the name of a file in a coding. */
export const EXTENSIONS: Readonly<Record<Coding, string>> = {
  br: ".br",
  zstd: ".zst",
  gzip: ".gz",
};

/** The representation to send. */
export interface Variant {
  readonly entry: Entry;
  readonly coding: string;
}

/**
 * Selects among a file and its siblings in other codings. Closes what is not selected.
 *
 * @param accepted The `Accept-Encoding` field.
 * @param codings Those to look for, in order of preference.
 * @returns `undefined` when the client refuses all that there is (406).
 */
export async function selectVariant(
  file: LocatedFile,
  source: Source,
  guard: Guard,
  accepted: string | null,
  codings: readonly Coding[],
): Promise<Variant | undefined> {
  const { entry, segments } = file;
  const last = segments.at(-1);
  const left = last === undefined ? [] : [...codings];
  for (;;) {
    const coding = negotiateCoding(accepted, left) as Coding | "identity" | undefined;
    if (coding === "identity") return { entry, coding };
    if (coding === undefined) {
      await entry.close();
      return undefined;
    }
    const names = [...segments.slice(0, -1), `${last}${EXTENSIONS[coding]}`];
    const coded = guard(names) === "allow" ? await source.find(names) : undefined;
    if (typeof coded === "object") {
      await entry.close();
      return { entry: coded, coding };
    }
    left.splice(left.indexOf(coding), 1);
  }
}
