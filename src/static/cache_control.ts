/**
 * For how long an answer is fresh.
 *
 * @module
 */
import { type Check, is, isRecord, requireSync, whole } from "../config.ts";
import { formatDate } from "../http/date.ts";
import { isFingerprinted } from "./fingerprint.ts";
import { glob } from "./globs.ts";

/**
 * How answers are cached: `true` for the same time each but pages, `false` not at all, `"auto"` by
 * name, or `Cache-Control` values by glob or by function.
 */
export type Cache =
  | boolean
  | "auto"
  | Readonly<Record<string, string>>
  | ((path: string) => string | undefined);

/** The fields for a file, and whether it may be answered with 304. */
export interface CacheFields {
  readonly cacheControl: string;
  readonly expires?: string;
  readonly validators: boolean;
}

/**
 * Names the fields for a path below an export.
 *
 * @param base Tells the path of the export as the client sees it.
 */
export type CacheRule = (path: string, type: string, base: () => string) => CacheFields;

/** What the options must be. */
export const CACHE_OPTIONS: Readonly<Record<"cache" | "cacheTimeout", Check>> = {
  cache: is(
    (value) =>
      typeof value === "boolean" || value === "auto" || typeof value === "function" ||
      (isRecord(value) && Object.values(value).every((rule) => typeof rule === "string")),
    'true, false, "auto", a function of the path, or Cache-Control values by glob, ' +
      'such as { "*.js": "no-cache" }',
  ),
  // RFC 9111 §1.2.2: caches need not count further than 2^31 seconds.
  cacheTimeout: whole(0, 2 ** 31, "whole seconds, a number"),
};

const YEAR = 31_536_000;
const REVALIDATED: CacheFields = { cacheControl: "no-cache", validators: true };
const NEVER: CacheFields = { cacheControl: "no-store", validators: false };

/**
 * Compiles the options `cache` and `cacheTimeout`.
 *
 * @param cacheTimeout Seconds.
 */
export function caching(cache: Cache, cacheTimeout: number): CacheRule {
  const standard: CacheRule = (_, type) =>
    isPage(type) ? REVALIDATED : {
      cacheControl: `public, max-age=${cacheTimeout}`,
      expires: formatDate(Date.now() + cacheTimeout * 1000),
      validators: true,
    };
  if (cache === true) return standard;
  if (cache === false) return () => NEVER;
  if (cache === "auto") return automatic;
  const rule = typeof cache === "function" ? cache : firstMatch(cache);
  return (path, type, base) => {
    const cacheControl = requireSync("serveStatic: cache", rule(path));
    return cacheControl === undefined
      ? standard(path, type, base)
      : { cacheControl, validators: true };
  };
}

/** A page names the files that belong to it: an old one would ask for files that are gone. */
function isPage(type: string): boolean {
  return /^(?:text\/html|application\/xhtml\+xml)\b/.test(type);
}

function automatic(path: string, type: string, base: () => string): CacheFields {
  if (isPage(type)) return REVALIDATED;
  const cacheControl = isFingerprinted(`${base()}/${path}`)
    ? `public, max-age=${YEAR}, immutable`
    : "public, max-age=300, stale-while-revalidate=3600";
  return { cacheControl, validators: true };
}

function firstMatch(rules: Readonly<Record<string, string>>): (path: string) => string | undefined {
  const compiled = Object.entries(rules).map(([pattern, value]) => ({
    // Without a slash, the glob is one for names, wherever they are.
    matches: glob(pattern.includes("/") ? pattern : `**/${pattern}`),
    value,
  }));
  return (path) => compiled.find(({ matches }) => matches(path))?.value;
}
