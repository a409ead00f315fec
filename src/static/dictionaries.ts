/**
 * Compression dictionaries (RFC 9842): a new version of a file is compressed with the old one.
 *
 * @module
 */
import { checkOptions, type Checks, fail, isRecord, listOf, text } from "../config.ts";
import { parseItem } from "../http/structured.ts";
import { globTable } from "./globs.ts";
import type { Dictionaries } from "./types.ts";

/** How a file is used as a dictionary. */
export interface DictionaryUse {
  /** The URL pattern of files that are compressed with it, relative to its URL: `"/app/*.js"`. */
  readonly match: string;
  /**
   * The destinations of requests that use it: `"script"`, `"style"`, `"document"`. None means all.
   *
   * @default []
   */
  readonly matchDest?: readonly string[];
  /**
   * A value that clients send back as `Dictionary-ID`, up to 1024 characters.
   *
   * @default undefined
   */
  readonly id?: string;
}

/**
 * Uses files as dictionaries for their later versions. A client that has one sends its SHA-256, and
 * gets the variant that was compressed with it, if there is one beside the file: for `app.js`, the
 * variant is `app.js.5d41….dcz` or `.dcb`, with the hash in 64 lower-case hexadecimal digits. A build
 * step makes the variants, in the formats of RFC 9842 §4 and §5. Browsers use dictionaries only over
 * HTTPS.
 *
 * @param rules How files are used, by globs as in `disallow`; a string is short for `{ match }`. The
 * first match counts.
 * @returns The value for the option `dictionaries`.
 * @throws {TypeError} When a rule has a wrong value.
 *
 * @example
 * ```ts
 * import { memory, notFound, serveStatic } from "@handwerk/handwerk";
 * import { dictionaries } from "@handwerk/handwerk/static";
 *
 * const app = serveStatic({ "/": memory({ "app-v1.js": "let a = 1" }) }, {
 *   dictionaries: dictionaries({ "app-*.js": "/app-*.js" }),
 * })(notFound);
 * const { headers } = await app(new Request("http://localhost/app-v1.js"));
 * console.log(headers.get("use-as-dictionary")); // match="/app-*.js"
 * ```
 */
export function dictionaries(
  rules: Readonly<Record<string, string | DictionaryUse>>,
): Dictionaries {
  if (!isRecord(rules)) {
    fail("dictionaries: the rules", rules, 'one such as { "app-*.js": "/app-*.js" }');
  }
  const fields = Object.entries(rules).map(([pattern, use]) => {
    const given = typeof use === "string" ? { match: use } : use;
    checkOptions(`dictionaries: ${JSON.stringify(pattern)}`, given, OPTIONS, {
      required: ["match"],
    });
    return [pattern, fieldOf(given)] as const;
  });
  const fieldFor = globTable(Object.fromEntries(fields));
  return {
    announce(path, headers, { status }) {
      // The path of a listing ends with a slash.
      const isFile = status === 200 && path !== "" && !path.endsWith("/");
      const field = isFile ? fieldFor(path) : undefined;
      if (field !== undefined) headers.set("use-as-dictionary", field);
    },
    stored(headers) {
      const hash = parseItem(headers.get("available-dictionary") ?? "");
      if (!(hash instanceof Uint8Array) || hash.length !== 32) return [];
      const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
      return ["dcz", "dcb"].map((coding) => ({ coding, extension: `.${hex}.${coding}` }));
    },
    vary: "accept-encoding, available-dictionary",
  };
}

const OPTIONS: Checks<DictionaryUse> = {
  // RFC 9842 §2.1.1: a pattern must not have groups of regular expressions.
  match: text(
    'a URL pattern such as "/app/*.js", in ASCII and without groups',
    /^[ -'*-~]{1,1024}$/,
  ),
  matchDest: listOf(text('a destination such as "script"', /^[ -~]{1,1024}$/), '"script"'),
  id: text("up to 1024 characters of ASCII", /^[ -~]{0,1024}$/),
};

function fieldOf({ match, matchDest = [], id }: DictionaryUse): string {
  const destinations = matchDest.length > 0
    ? `, match-dest=(${matchDest.map(quoted).join(" ")})`
    : "";
  return `match=${quoted(match)}${destinations}${id === undefined ? "" : `, id=${quoted(id)}`}`;
}

/** A string as RFC 9651 §4.1.6 writes it. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
