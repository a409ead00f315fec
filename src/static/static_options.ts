/**
 * The options of `serveStatic`, and what they are compiled to.
 *
 * @module
 */
import { checkOptions, guardCallback, requireSync } from "../config.ts";
import { safeSegments } from "../http/safe_path.ts";
import type { RespondOptions } from "./respond.ts";
import { type Cache, caching } from "./cache_control.ts";
import { type Access, accessRules } from "./access.ts";
import type { Finishing } from "./finish.ts";
import type { MadeListings } from "./listing.ts";
import type { Finding } from "./find.ts";
import type { DirectoryOptions } from "./sources/directory.ts";
import type { MemoryCacheOptions } from "./sources/file_cache.ts";
import type { Dictionaries } from "./dictionaries.ts";
import type { HeadersHook, Served } from "./hooks.ts";
import { typesWith } from "./media_type.ts";
import { escaped, STATIC_HINTS, STATIC_OPTIONS } from "./option_checks.ts";
import { type Page, pageRule } from "./page.ts";
import { type Coding, EXTENSIONS, type Stored } from "./precompressed.ts";

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

/** The compiled options. */
export interface StaticSettings {
  readonly access: Access;
  readonly finding: Finding;
  readonly answering: RespondOptions;
  readonly directories: DirectoryOptions;
  readonly codings: readonly Stored[];
  readonly dictionaries: Dictionaries | undefined;
  readonly finishing: Finishing;
  readonly spa: Page | undefined;
  readonly notFoundPage: string | undefined;
  readonly methodNotAllowed: boolean;
  readonly listing: boolean;
  readonly listings: MadeListings;
}

/**
 * Checks the options.
 *
 * @throws {TypeError} Naming the option and what to write instead.
 */
export function readStaticOptions(options: ServeStaticOptions): StaticSettings {
  checkOptions("serveStatic", options, STATIC_OPTIONS, { elsewhere: STATIC_HINTS });
  const { disallow = [], isAllowed, dotfiles = "ignore", onServe, dictionaries } = options;
  const {
    mimeTypes = {},
    fallbackMimetype = "text/plain",
    extensions = [],
    hideExtensions = false,
  } = options;
  const { trailingSlash = "add", download = false, index = "index.html" } = options;
  const { precompressed: codings = [], compress = false, untrusted = false } = options;
  const { hideIndex = false, colons = false } = options;
  const { symlinks = "inside", memoryCache = {}, methodNotAllowed = false, listing = false } =
    options;
  const { cache = true, cacheTimeout = 43_200, spa = false, spaPaths = "**", notFoundPage } =
    options;
  const hooks = [options.headers ?? []].flat();
  const coded = codings.length > 0 || dictionaries !== undefined;
  const typeOf = typesWith(mimeTypes);
  const page = spa === false
    ? undefined
    : safeSegments(`/${escaped(spa === true ? "index.html" : spa)}`);
  if (options.spaPaths !== undefined && !page) {
    throw new TypeError("serveStatic: spaPaths is for the page of spa; set spa, too");
  }
  return {
    access: accessRules({ disallow, isAllowed, dotfiles, coded }),
    finding: {
      index: index === false ? [] : [index].flat(),
      extensions,
      hideExtensions,
      hideIndex,
      colons,
      trailingSlash,
    },
    answering: {
      cache: caching(cache, cacheTimeout),
      typeOf,
      fallbackMimetype,
      download: savedAs(download),
      untrusted,
      compress,
      described: compress || [cache, download].some((own) => typeof own === "function")
        ? undefined
        : new WeakMap(),
      vary: dictionaries?.vary ?? (coded ? "accept-encoding" : undefined),
    },
    directories: { symlinks, memoryCache },
    codings: codings.map((coding) => ({ coding, extension: EXTENSIONS[coding] })),
    dictionaries,
    finishing: {
      headers: dictionaries ? [dictionaries.announce, ...hooks] : hooks,
      onServe: onServe && guardCallback("serveStatic: onServe", onServe),
    },
    spa: page && { names: page, answersFor: pageRule(spaPaths, typeOf) },
    notFoundPage,
    listing,
    listings: new WeakMap(),
    methodNotAllowed: methodNotAllowed,
  };
}

function savedAs(
  download: boolean | ((path: string) => boolean | string),
): (path: string) => string | undefined {
  const decide = typeof download === "function" ? download : () => download;
  return (path) => {
    const name = requireSync("serveStatic: download", decide(path));
    // RFC 6266 §4.3: a name, never a path.
    return name === false ? undefined : (name === true ? path : name).replace(/^.*[/\\]/s, "");
  };
}
