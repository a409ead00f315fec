/**
 * What each option of `serveStatic` must be.
 *
 * @module
 */
import {
  callback,
  type Check,
  type Checks,
  either,
  flag,
  is,
  like,
  listOf,
  oneOf,
  oneOrMore,
  text,
} from "../config.ts";
import { safeSegments } from "../http/safe_path.ts";
import { CACHE_OPTIONS } from "./cache_control.ts";
import { mediaType, typesByExtension } from "./media_type.ts";
import type { ServeStaticOptions } from "./static_options.ts";
import { DIRECTORY_OPTIONS } from "./sources/directory.ts";
import { EXTENSIONS } from "./precompressed.ts";

/** A name in a directory. */
const fileName: Check = is(
  (value) => typeof value === "string" && !value.includes("/") && isSafe(value),
  'a name without slashes, such as "index.html"',
);

const pathGlobs = oneOrMore(text('a glob such as "!api/**", or a function of the path'));
const pathsOfPage: Check = (value, where) => {
  if (typeof value !== "function") pathGlobs(value, where);
};

export const STATIC_OPTIONS: Checks<ServeStaticOptions> = {
  disallow: oneOrMore(text('a glob such as "*.key"')),
  isAllowed: callback,
  dotfiles: oneOf("ignore", "allow", "deny"),
  colons: flag,
  ...DIRECTORY_OPTIONS,
  ...CACHE_OPTIONS,
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
  spaPaths: pathsOfPage,
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

/** How others call what is an option here. */
export const STATIC_HINTS: Readonly<Record<string, string>> = {
  maxAge: "give cacheTimeout, in seconds",
};

/** A path with each of its names escaped. */
export function escaped(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function isSafe(path: string): boolean {
  return path.isWellFormed() && safeSegments(`/${escaped(path)}`) !== undefined;
}
