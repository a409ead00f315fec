/**
 * How responses are cached.
 *
 * @module
 */
import { requireSync } from "../config.ts";
import { formatDate } from "../http/date.ts";
import { exportBase } from "./exports.ts";
import { isFingerprinted } from "./fingerprint.ts";
import { globTable } from "./globs.ts";
import type { CachePolicy, CacheRule } from "./types.ts";

/**
 * The option `cache`: `true` for `cacheTimeout`, `false` for no caching, `"auto"` by name, or
 * `Cache-Control` values by glob or function.
 */
export type Cache =
  | boolean
  | "auto"
  | Readonly<Record<string, string>>
  | ((path: string) => string | undefined);

const YEAR = 31_536_000;
const REVALIDATE: CachePolicy = { cacheControl: "no-cache", validators: true };
const NO_STORE: CachePolicy = { cacheControl: "no-store", validators: false };

/** Compiles the options `cache` and `cacheTimeout`, in seconds. */
export function cacheRule(cache: Cache, cacheTimeout: number): CacheRule {
  const standard: CacheRule = (_candidate, _path, type) =>
    isPage(type) ? REVALIDATE : {
      cacheControl: `public, max-age=${cacheTimeout}`,
      expires: formatDate(Date.now() + cacheTimeout * 1000),
      validators: true,
    };
  if (cache === true) return standard;
  if (cache === false) return () => NO_STORE;
  if (cache === "auto") return automatic;
  const rule = typeof cache === "function" ? cache : globTable(cache);
  return (candidate, path, type) => {
    const cacheControl = requireSync("serveStatic: cache", rule(path));
    return cacheControl === undefined
      ? standard(candidate, path, type)
      : { cacheControl, validators: true };
  };
}

/** An outdated page would refer to files that no longer exist. */
function isPage(type: string): boolean {
  return /^(?:text\/html|application\/xhtml\+xml)\b/.test(type);
}

const automatic: CacheRule = (candidate, path, type) => {
  if (isPage(type)) return REVALIDATE;
  const cacheControl = isFingerprinted(`${exportBase(candidate)}/${path}`)
    ? `public, max-age=${YEAR}, immutable`
    : "public, max-age=300, stale-while-revalidate=3600";
  return { cacheControl, validators: true };
};
