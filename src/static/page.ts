/**
 * Which requests for what is not there are answered with the page of a single-page app.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { weightOfType } from "../http/negotiation.ts";
import { readablePath } from "../http/path.ts";
import { glob } from "./globs.ts";
import type { TypeOf } from "./media_type.ts";

/** The paths below an export that the page answers for: globs, or a function that decides alone. */
type PagePaths = string | readonly string[] | ((path: string) => boolean);

/** The page of an export, and when it may answer. */
export interface Page {
  /** The names of the file below the export. */
  readonly names: readonly string[];
  /** Whether it may answer for a canonical path below the export. */
  readonly answersFor: (path: string) => boolean;
}

/** The fields of requests that decide. */
export const PAGE_VARY = "accept, sec-fetch-dest";

/** What browsers show as a page; all else is a part of one, or asked for by a script. */
const DOCUMENTS = new Set(["document", "iframe", "frame", "fencedframe"]);

/** Compiles the option `spaPaths`. */
export function pageRule(paths: PagePaths, typeOf: TypeOf): Page["answersFor"] {
  if (typeof paths === "function") {
    return (path) => requireSync("serveStatic: spaPaths", paths(readablePath(path.slice(1))));
  }
  const matchers = [paths].flat().map(glob);
  return (path) => {
    const below = readablePath(path.slice(1));
    const names = below.split("/");
    // A file that is missing, and what clients ask for by a fixed name, such as `.well-known`.
    if (typeOf(names.at(-1) ?? "") !== undefined) return false;
    if (names.some((name) => name.startsWith("."))) return false;
    return below === "" || matchers.some((matches) => matches(below));
  };
}

/** Whether a request takes a page, rather than a part of one, or data. */
export function takesPage({ headers }: Request): boolean {
  // A handshake has no Accept field either. With h2c, a client only offers another version of HTTP.
  if (!/^(?:h2c)?$/i.test(headers.get("upgrade") ?? "")) return false;
  const accept = headers.get("accept");
  if (weightOfType(accept, "text/html") === 0) return false;
  const namesHtml = /(?:^|[ ,])text\/html\b/i.test(accept ?? "");
  const destination = headers.get("sec-fetch-dest");
  // A script that asks for any type has no use for a page, unless it says so.
  if (destination !== null && !DOCUMENTS.has(destination)) {
    return destination === "empty" && namesHtml;
  }
  const namesData = /(?:^|[ ,])application\/(?:[^\s,;/]+\+)?json\b/i.test(accept ?? "");
  return namesHtml || !namesData;
}
