/**
 * The options of `serveStatic`: their documentation, their checks, and their defaults.
 *
 * @module
 */
import {
  callback,
  type Check,
  checkOptions,
  type Checks,
  either,
  flag,
  guardCallback,
  is,
  isRecord,
  like,
  listOf,
  oneOf,
  oneOrMore,
  requireSync,
  text,
  whole,
} from "../config.ts";
import { safeSegments } from "../http/safe_path.ts";
import { accessRules } from "./access.ts";
import { type Cache, cacheRule } from "./cache_control.ts";
import { EXTENSIONS } from "./coding.ts";
import { spaRule } from "./fallback.ts";
import { mediaType, mediaTypesWith, typesByExtension } from "./media_type.ts";
import { DIRECTORY_OPTIONS } from "./sources/directory.ts";
import type { MemoryCacheOptions } from "./sources/file_cache.ts";
import type { Coding, Dictionaries, HeadersHook, Served, StaticSettings } from "./types.ts";

/** Options of {@linkcode serveStatic}. */
export interface ServeStaticOptions {
  /**
   * Globs of files that are not served, whoever asks. A glob without a slash is held against every
   * name in the path below the export (`"*.key"`, `"private"`), one with a slash against the whole
   * of it (`"drafts/**"`). Upper and lower case are the same. Behind a symbolic link, the real path
   * below the export is held against them, too. Default: none.
   */
  readonly disallow?: string | readonly string[];
  /**
   * Decides about a decoded path below an export, after `disallow`; with `precompressed`, a file
   * whose name has a coding behind it is asked about without that, too. Default: all are allowed.
   */
  readonly isAllowed?: (path: string) => boolean;
  /**
   * Names that begin with a dot, except `.well-known` (RFC 8615): `"ignore"` passes the request on,
   * `"deny"` answers 403, `"allow"` serves them. Of a file behind a symbolic link, the real name must
   * not begin with a dot either; folders that the link leads through may. Default `"ignore"`.
   */
  readonly dotfiles?: "ignore" | "allow" | "deny";
  /**
   * Whether names with a colon are served (`Talk:Main.html`). Windows would take them for a drive or
   * a stream of a file; there, they are not found in directories. Default `false`.
   */
  readonly colons?: boolean;
  /**
   * Which symbolic links are followed in directories given as paths: `"inside"` those that stay
   * below the directory, `"follow"` all of them, `"deny"` none. The directory itself may be a link
   * that is switched to another one; it is judged by what it leads to now. Default `"inside"`.
   */
  readonly symlinks?: "inside" | "follow" | "deny";
  /**
   * How small files of directories given as paths are kept in memory; `false` for not at all. Kept
   * files have strong entity tags. Default: 16 MiB, asked about once a second.
   */
  readonly memoryCache?: MemoryCacheOptions | false;
  /**
   * How responses are cached. `true`: pages are revalidated each time (`no-cache`), everything else
   * is fresh for `cacheTimeout`. `false`: nothing is stored (`no-store`). `"auto"`: names that build
   * tools make of the content for a year, pages revalidated, the rest for five minutes. A map from
   * globs to `Cache-Control` values, of which the first match counts, or a function of the path; what
   * they have no value for is as with `true`. Default `true`.
   */
  readonly cache?: Cache;
  /** For how long a response that is no page is fresh, in seconds. Default 43200, twelve hours. */
  readonly cacheTimeout?: number;
  /**
   * Media types by extension, in addition to those that are known and before them:
   * `{ ts: "text/plain" }`. A type that the source tells comes first. Default: none.
   */
  readonly mimeTypes?: Readonly<Record<string, string>>;
  /** The media type of files whose name tells none. Default `"text/plain"`. */
  readonly fallbackMimetype?: string;
  /** The names that answer for a directory, in order. Default `["index.html"]`. */
  readonly index?: string | readonly string[] | false;
  /**
   * Whether a directory without an index is answered with a list of its files, as HTML or, by
   * `Accept`, as JSON. What is not served is not listed. Default `false`.
   */
  readonly listing?: boolean;
  /** Extensions to try behind a name that is not there, in order: `["html"]`. Default: none. */
  readonly extensions?: readonly string[];
  /** Whether a path that ends in one of `extensions` is redirected to the one without. Default `false`. */
  readonly hideExtensions?: boolean;
  /**
   * Whether a path that ends in one of `index` is redirected to that of the directory: `/index.html`
   * to `/`. With `hideExtensions`, names whose extension is hidden are. Default `false`.
   */
  readonly hideIndex?: boolean;
  /**
   * The path of a directory that has an index: with a slash (`"add"`), without (`"remove"`), or as
   * the client likes (`"ignore"`). The other spelling is redirected with 308. Default `"add"`.
   */
  readonly trailingSlash?: "add" | "remove" | "ignore";
  /**
   * The file of an export that answers for what is not there, for apps that have their routes in the
   * browser; `true` is `"index.html"`. GET and HEAD requests get it, unless they take no HTML, name
   * JSON in `Accept` and no HTML, or are for a part of a page by `Sec-Fetch-Dest`; and unless the last
   * name of the path has an extension with a known media type, or a name begins with a dot. Handlers
   * of other paths go before it, or are left out by `spaPaths`. Default `false`.
   */
  readonly spa?: boolean | string;
  /**
   * The decoded paths below the export that the page of `spa` answers for: globs that are held
   * against the whole path (`"!api/**"`), or a function that decides alone, about names with an
   * extension and those with a dot in front, too. Default `"**"`.
   */
  readonly spaPaths?: string | readonly string[] | ((path: string) => boolean);
  /** The name of a page for what is not there; the nearest one is sent with 404. Default: none. */
  readonly notFoundPage?: string;
  /**
   * Codings that files are stored in beside themselves (`app.js.br`), the best first: `["br", "zstd",
   * "gzip"]`. The file itself has to be there, too, for clients that take no coding. Default: none.
   */
  readonly precompressed?: readonly Coding[];
  /**
   * Files that later files are compressed with (RFC 9842); made by {@linkcode dictionaries}. Default:
   * none.
   */
  readonly dictionaries?: Dictionaries;
  /**
   * Whether text that is not stored compressed is compressed with gzip, from 1 KiB to 10 MiB and
   * unless `Cache-Control` says `no-transform`. Media, archives and other compressed formats are not. Such answers have weak entity tags and no ranges.
   * Default `false`.
   */
  readonly compress?: boolean;
  /**
   * Sees and changes the fields of every response that is made here, whatever its status; not of
   * those of the wrapped handler. Several functions are called in order; {@linkcode preload} and
   * {@linkcode reprDigest} are such functions. Preconditions are compared with the `ETag` and the
   * `Last-Modified` that they set. How errors, redirects and stand-ins are cached is not theirs to
   * change.
   */
  readonly headers?: HeadersHook | readonly HeadersHook[];
  /**
   * Whether files are to be saved and not shown, by path; a string names the saved file. Default
   * `false`.
   */
  readonly download?: boolean | ((path: string) => boolean | string);
  /**
   * Whether the files come from people who are not trusted: browsers then run no scripts of them,
   * and save pages and drawings. Default `false`.
   */
  readonly untrusted?: boolean;
  /** Whether other methods than GET and HEAD on a file are answered with 405. Default: passed on. */
  readonly methodNotAllowed?: boolean;
  /**
   * Is told of every answer that is given, and of none that is passed on. What it throws or rejects
   * with goes to `console.error`.
   */
  readonly onServe?: (served: Served) => void;
}

const fileName: Check = is(
  (value) => typeof value === "string" && !value.includes("/") && isSafe(value),
  'a name without slashes, such as "index.html"',
);
const pathGlobs = oneOrMore(text('a glob such as "!api/**", or a function of the path'));

const OPTIONS: Checks<ServeStaticOptions> = {
  disallow: oneOrMore(text('a glob such as "*.key"')),
  isAllowed: callback,
  dotfiles: oneOf("ignore", "allow", "deny"),
  colons: flag,
  ...DIRECTORY_OPTIONS,
  cache: is(
    (value) =>
      typeof value === "boolean" || value === "auto" || typeof value === "function" ||
      (isRecord(value) && Object.values(value).every((rule) => typeof rule === "string")),
    'true, false, "auto", a function of the path, or Cache-Control values by glob, ' +
      'such as { "*.js": "no-cache" }',
  ),
  // RFC 9111 §1.2.2: caches need not count further than 2^31 seconds.
  cacheTimeout: whole(0, 2 ** 31, "whole seconds, a number"),
  mimeTypes: typesByExtension,
  fallbackMimetype: mediaType,
  index: either([false], oneOrMore(fileName)),
  listing: flag,
  extensions: listOf(fileName, '"html"'),
  hideExtensions: flag,
  hideIndex: flag,
  trailingSlash: oneOf("add", "remove", "ignore"),
  spa: is(
    (value) => typeof value === "boolean" || (typeof value === "string" && isSafe(value)),
    'true, false or a path such as "app/index.html"',
  ),
  spaPaths: (value, where) => typeof value === "function" || pathGlobs(value, where),
  notFoundPage: fileName,
  precompressed: listOf(oneOf(...Object.keys(EXTENSIONS)), '"br", "gzip"'),
  dictionaries: like("what dictionaries({ … }) returns", "announce", "stored"),
  compress: flag,
  headers: oneOrMore(callback),
  download: is(
    (value) => typeof value === "boolean" || typeof value === "function",
    "true, false or a function of the path",
  ),
  untrusted: flag,
  methodNotAllowed: flag,
  onServe: callback,
};

/** What the options of other libraries are called here. */
const ELSEWHERE = { maxAge: "give cacheTimeout, in seconds" };

/**
 * Checks the options, and compiles them for the phases.
 *
 * @throws {TypeError} Naming the option and what to write instead.
 */
export function readStaticOptions(options: ServeStaticOptions): StaticSettings {
  checkOptions("serveStatic", options, OPTIONS, { elsewhere: ELSEWHERE });
  const {
    disallow = [],
    isAllowed,
    dotfiles = "ignore",
    colons = false,
    cache = true,
    cacheTimeout = 43_200,
    mimeTypes = {},
    fallbackMimetype = "text/plain",
    index = "index.html",
    listing = false,
    extensions = [],
    hideExtensions = false,
    hideIndex = false,
    trailingSlash = "add",
    spa = false,
    spaPaths = "**",
    notFoundPage,
    precompressed = [],
    dictionaries,
    compress = false,
    headers = [],
    download = false,
    untrusted = false,
    methodNotAllowed = false,
    onServe,
  } = options;
  const page = spa === false ? undefined : segmentsOf(spa === true ? "index.html" : spa);
  if (options.spaPaths !== undefined && !page) {
    throw new TypeError("serveStatic: spaPaths is for the page of spa; set spa, too");
  }
  const hasVariants = precompressed.length > 0 || dictionaries !== undefined;
  const mediaTypeOf = mediaTypesWith(mimeTypes);
  const hooks = [headers].flat();
  const isDynamic = compress || typeof cache === "function" || typeof download === "function";
  return {
    access: accessRules({ disallow, isAllowed, dotfiles, hasVariants }),
    colons,
    index: index === false ? [] : [index].flat(),
    extensions,
    hideExtensions,
    hideIndex,
    trailingSlash,
    listing,
    listings: new WeakMap(),
    methodNotAllowed,
    spa: page && { names: page, answersFor: spaRule(spaPaths, mediaTypeOf) },
    notFoundPage,
    precompressed: precompressed.map((coding) => ({ coding, extension: EXTENSIONS[coding] })),
    dictionaries,
    compress,
    vary: dictionaries?.vary ?? (hasVariants ? "accept-encoding" : undefined),
    cache: cacheRule(cache, cacheTimeout),
    mediaTypeOf,
    fallbackMimetype,
    download: savedNames(download),
    untrusted,
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
