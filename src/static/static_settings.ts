/**
 * Reads the options of `serveStatic`: their checks, messages and defaults.
 *
 * @module
 */
import {
  callback,
  type Check,
  either,
  flag,
  guardCallback,
  is,
  isRecord,
  like,
  listOf,
  oneOf,
  oneOrMore,
  type Options,
  readOptions,
  requireSync,
  text,
  whole,
} from "../config.ts";
import { safeSegments } from "../http/safe_path.ts";
import { accessRules } from "./access.ts";
import { cacheRule } from "./cache_control.ts";
import { EXTENSIONS } from "./coding.ts";
import { spaRule } from "./fallback.ts";
import { mediaType, mediaTypesWith, typesByExtension } from "./media_type.ts";
import { DIRECTORY_OPTIONS } from "./sources/directory.ts";
import type { ServeStaticOptions } from "./static_options.ts";
import type { StaticSettings } from "./types.ts";

const fileName: Check = is(
  (value) => typeof value === "string" && !value.includes("/") && isSafe(value),
  'a name without slashes, such as "index.html"',
);
const pathGlobs = oneOrMore(text('a glob such as "!api/**", or a function of the path'));

const OPTIONS = {
  disallow: [oneOrMore(text('a glob such as "*.key"')), []],
  isAllowed: callback,
  dotfiles: [oneOf("ignore", "allow", "deny"), "ignore"],
  colons: [flag, false],
  ...DIRECTORY_OPTIONS,
  cache: [
    is(
      (value) =>
        typeof value === "boolean" || value === "auto" || typeof value === "function" ||
        (isRecord(value) && Object.values(value).every((rule) => typeof rule === "string")),
      'true, false, "auto", a function of the path, or Cache-Control values by glob, ' +
        'such as { "*.js": "no-cache" }',
    ),
    true,
  ],
  // RFC 9111 §1.2.2: caches need not count further than 2^31 seconds.
  cacheTimeout: [whole(0, 2 ** 31, "whole seconds, a number"), 43_200],
  mimeTypes: [typesByExtension, {}],
  fallbackMimetype: [mediaType, "text/plain"],
  index: [either([false], oneOrMore(fileName)), "index.html"],
  listing: [flag, false],
  extensions: [listOf(fileName, '"html"'), []],
  hideExtensions: [flag, false],
  hideIndex: [flag, false],
  trailingSlash: [oneOf("add", "remove", "ignore"), "add"],
  spa: [
    is(
      (value) => typeof value === "boolean" || (typeof value === "string" && isSafe(value)),
      'true, false or a path such as "app/index.html"',
    ),
    false,
  ],
  spaPaths: [(value, where) => typeof value === "function" || pathGlobs(value, where), "**"],
  notFoundPage: fileName,
  precompressed: [listOf(oneOf(...Object.keys(EXTENSIONS)), '"br", "gzip"'), []],
  dictionaries: like("what dictionaries({ … }) returns", "announce", "stored"),
  compress: [flag, false],
  headers: [oneOrMore(callback), []],
  download: [
    is(
      (value) => typeof value === "boolean" || typeof value === "function",
      "true, false or a function of the path",
    ),
    false,
  ],
  untrusted: [flag, false],
  methodNotAllowed: [flag, false],
  onServe: callback,
} satisfies Options<ServeStaticOptions>;

/** What the options of other libraries are called here. */
const ELSEWHERE = { maxAge: "give cacheTimeout, in seconds" };

/**
 * Checks the options, and compiles them for the phases.
 *
 * @throws {TypeError} Naming the option and what to write instead.
 */
export function readStaticOptions(options: ServeStaticOptions): StaticSettings {
  const read = readOptions("serveStatic", options, OPTIONS, { elsewhere: ELSEWHERE });
  const { cache, compress, dictionaries, download, index, onServe, precompressed, spa } = read;
  const page = spa === false ? undefined : segmentsOf(spa === true ? "index.html" : spa);
  if (options.spaPaths !== undefined && !page) {
    throw new TypeError("serveStatic: spaPaths is for the page of spa; set spa, too");
  }
  const hasVariants = precompressed.length > 0 || dictionaries !== undefined;
  const mediaTypeOf = mediaTypesWith(read.mimeTypes);
  const hooks = [read.headers].flat();
  const isDynamic = compress || typeof cache === "function" || typeof download === "function";
  return {
    ...read,
    access: accessRules({ ...read, hasVariants }),
    index: index === false ? [] : [index].flat(),
    listings: new WeakMap(),
    spa: page && { names: page, answersFor: spaRule(read.spaPaths, mediaTypeOf) },
    precompressed: precompressed.map((coding) => ({ coding, extension: EXTENSIONS[coding] })),
    vary: dictionaries?.vary ?? (hasVariants ? "accept-encoding" : undefined),
    cache: cacheRule(cache, read.cacheTimeout),
    mediaTypeOf,
    download: savedNames(download),
    descriptions: isDynamic ? undefined : new WeakMap(),
    headers: dictionaries ? [dictionaries.announce, ...hooks] : hooks,
    onServe: onServe && guardCallback("serveStatic: onServe", onServe),
  };
}

/** The names of a path in an option, or `undefined` if no file can have it. */
function segmentsOf(path: string): readonly string[] | undefined {
  return safeSegments(`/${path.split("/").map(encodeURIComponent).join("/")}`);
}

function isSafe(path: string): boolean {
  return path.isWellFormed() && segmentsOf(path) !== undefined;
}

/** Compiles the option `download`. RFC 6266 §4.3: a saved file has a name, not a path. */
function savedNames(
  download: boolean | ((path: string) => boolean | string),
): StaticSettings["download"] {
  const decide = typeof download === "function" ? download : () => download;
  return (path) => {
    const name = requireSync("serveStatic: download", decide(path));
    return name === false ? undefined : (name === true ? path : name).replace(/^.*[/\\]/s, "");
  };
}
