/**
 * The options of `serveStatic`.
 *
 * @module
 */
import type { Cache } from "./cache_control.ts";
import type { MemoryCacheOptions } from "./sources/file_cache.ts";
import type { Coding, Dictionaries, HeadersHook, Served } from "./types.ts";

/** Options of {@linkcode serveStatic}. Paths are decoded, and relative to their export. */
export interface ServeStaticOptions {
  /**
   * Globs of files that are never served: `["*.key", "private", "drafts/**"]`. A glob without a slash
   * matches any name in the path, a glob with a slash the whole path. Case is ignored. The real path
   * of a file behind a symbolic link is checked, too.
   *
   * @default []
   */
  readonly disallow?: string | readonly string[];
  /**
   * Decides about a path, in addition to `disallow`. With `precompressed`, the path of a variant is
   * also checked without the extension of its coding.
   *
   * @default () => true
   */
  readonly isAllowed?: (path: string) => boolean;
  /**
   * Names that begin with a dot, except `.well-known` (RFC 8615): `"ignore"` passes the request on,
   * `"deny"` answers 403, `"allow"` serves them. Applies to the real name of a file behind a symbolic
   * link, too.
   *
   * @default "ignore"
   */
  readonly dotfiles?: "ignore" | "allow" | "deny";
  /**
   * Whether names with a colon are served: `Talk:Main.html`. Directories on Windows have none,
   * because Windows takes a colon for a drive or a stream.
   *
   * @default false
   */
  readonly colons?: boolean;
  /**
   * Which symbolic links are followed in directories that are given as paths: `"inside"` those that
   * stay below the directory, `"follow"` all, `"deny"` none. The directory itself may be a link.
   *
   * @default "inside"
   */
  readonly symlinks?: "inside" | "follow" | "deny";
  /**
   * The memory cache of directories that are given as paths; `false` turns it off. Files in memory
   * have strong entity tags.
   *
   * @default { bytes: 16 MiB, revalidate: 1000 }
   */
  readonly memoryCache?: MemoryCacheOptions | false;
  /**
   * How responses are cached. `true`: HTML is revalidated (`no-cache`), other files are fresh for
   * `cacheTimeout`. `false`: `no-store`. `"auto"`: files whose name has a hash for a year, HTML is
   * revalidated, others for five minutes. Or `Cache-Control` values by glob, of which the first match
   * counts, or by a function of the path; without a value, `true` applies.
   *
   * @default true
   */
  readonly cache?: Cache;
  /**
   * How long a file other than HTML is fresh, in seconds.
   *
   * @default 43200
   */
  readonly cacheTimeout?: number;
  /**
   * Media types by extension: `{ ts: "text/plain" }`. They come before the known types, and after the
   * type that a source gives.
   *
   * @default {}
   */
  readonly mimeTypes?: Readonly<Record<string, string>>;
  /**
   * The media type of files with an unknown extension.
   *
   * @default "text/plain"
   */
  readonly fallbackMimetype?: string;
  /**
   * The names of the file that answers for a directory, in order of preference.
   *
   * @default "index.html"
   */
  readonly index?: string | readonly string[] | false;
  /**
   * Whether a directory without an index is listed, as HTML or, by `Accept`, as JSON. Only names that
   * are served are listed.
   *
   * @default false
   */
  readonly listing?: boolean;
  /**
   * Extensions to try for a missing name, in order: with `["html"]`, `/about` is `about.html`.
   *
   * @default []
   */
  readonly extensions?: readonly string[];
  /**
   * Whether a path with one of `extensions` is redirected to the path without it.
   *
   * @default false
   */
  readonly hideExtensions?: boolean;
  /**
   * Whether the path of an `index` file is redirected to its directory: `/index.html` to `/`.
   *
   * @default false
   */
  readonly hideIndex?: boolean;
  /**
   * Whether the path of a directory with an index ends with a slash: `"add"` and `"remove"` redirect
   * the other spelling with 308, `"ignore"` accepts both.
   *
   * @default "add"
   */
  readonly trailingSlash?: "add" | "remove" | "ignore";
  /**
   * The page of a single-page app, relative to the export; `true` is `"index.html"`. It answers GET
   * and HEAD for missing paths, except for requests that do not accept HTML, that name JSON and not
   * HTML in `Accept`, or that are for a part of a page (`Sec-Fetch-Dest`), and except for paths with a
   * known extension or a name that begins with a dot.
   *
   * @default false
   */
  readonly spa?: boolean | string;
  /**
   * The paths for which the page of `spa` answers: globs for the whole path (`"!api/**"`), or a
   * function, which also decides about extensions and dots.
   *
   * @default "**"
   */
  readonly spaPaths?: string | readonly string[] | ((path: string) => boolean);
  /**
   * The name of a 404 page. The page in the nearest directory is sent. Without one, the request is
   * passed on.
   *
   * @default undefined
   */
  readonly notFoundPage?: string;
  /**
   * Codings of files that are stored beside the original (`app.js.br`), in order of preference:
   * `["br", "zstd", "gzip"]`. The original must exist, too.
   *
   * @default []
   */
  readonly precompressed?: readonly Coding[];
  /**
   * Compression dictionaries (RFC 9842), made by `dictionaries`.
   *
   * @default undefined
   */
  readonly dictionaries?: Dictionaries;
  /**
   * Whether text from 1 KiB to 10 MiB is compressed with gzip while it is sent, unless it is stored
   * compressed or `Cache-Control` has `no-transform`. Such responses have weak entity tags, and no
   * ranges.
   *
   * @default false
   */
  readonly compress?: boolean;
  /**
   * Changes the headers of every response that is made here, whatever its status; not of those of the
   * wrapped handler. Several functions run in order. Preconditions are compared with the validators
   * that they set. They cannot change how errors, redirects and fallbacks are cached.
   *
   * @default []
   */
  readonly headers?: HeadersHook | readonly HeadersHook[];
  /**
   * Whether a file is downloaded instead of displayed, by path; a string is its name.
   *
   * @default false
   */
  readonly download?: boolean | ((path: string) => boolean | string);
  /**
   * For user uploads: sandboxes responses; HTML, SVG and PDF are downloaded instead of displayed.
   *
   * @default false
   */
  readonly untrusted?: boolean;
  /**
   * Whether methods other than GET and HEAD on a file are answered with 405, and OPTIONS with 204,
   * instead of passed on.
   *
   * @default false
   */
  readonly methodNotAllowed?: boolean;
  /**
   * Called after each response, for logs and metrics; not for requests that are passed on. Its errors
   * go to `console.error`.
   *
   * @default undefined
   */
  readonly onServe?: (served: Served) => void;
}
