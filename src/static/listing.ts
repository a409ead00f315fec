/**
 * Phase 3 for a directory: plans the response with a list of its names.
 *
 * @module
 */
import { weightOfType } from "../http/negotiation.ts";
import { readablePath } from "../http/path.ts";
import { evaluatePreconditions } from "../http/preconditions.ts";
import { safeSegments } from "../http/safe_path.ts";
import { NOSNIFF } from "./finish.ts";
import {
  COLUMNS,
  LISTING_STYLE,
  listingPage,
  nextTurn,
  type Order,
  ROWS_AT_ONCE,
} from "./listing_page.ts";
import { type Listed, MOST_LISTED } from "./source.ts";
import { hashedEntry } from "./sources/entry.ts";
import type { Candidate, MadeListing, Plan, StaticSettings } from "./types.ts";

/** The most bodies that are cached for a list, in different orders and for different URLs. */
const MAX_CACHED = 4;

/** Both are made for the first listing: a collator takes 10 ms. */
let collator: Intl.Collator | undefined;
let styleHash: Promise<string> | undefined;

/** Plans the response to a request for a directory: JSON if the client prefers it, else HTML. */
export async function planListing(
  request: Request,
  { source, mount }: Candidate,
  { segments }: { readonly segments: readonly string[] },
  settings: StaticSettings,
): Promise<Plan> {
  const listed = await source.list?.(segments) ?? [];
  const path = readablePath(mount.base + mount.canonical);
  const order = orderOf(new URLSearchParams(mount.target.query));
  const accept = request.headers.get("accept");
  const json = weightOfType(accept, "application/json") > weightOfType(accept, "text/html");
  const made = settings.listings.get(listed) ?? new Map<string, Promise<MadeListing>>();
  settings.listings.set(listed, made);
  const key = JSON.stringify([path, order, json]);
  const making = made.get(key) ?? makeListing(listed, path, segments, order, json, settings);
  if (made.size < MAX_CACHED) made.set(key, making);
  const { body, etag = "" } = await making;
  styleHash ??= sha256(LISTING_STYLE);
  const policy = `default-src 'none'; style-src 'sha256-${await styleHash}'; base-uri 'none'; ` +
    "form-action 'none'; frame-ancestors 'none'";
  const caching = ["cache-control", "no-cache", "etag", etag, "vary", "accept"];
  const outcome = evaluatePreconditions(request.method, request.headers, { etag }, Date.now());
  if (outcome === "failed") {
    return { status: 412, fields: [...caching, ...NOSNIFF], cacheControl: "no-store" };
  }
  if (outcome !== "proceed") return { status: 304, fields: caching };
  const type = json ? "application/json" : "text/html; charset=utf-8";
  const fields = [...caching, "content-security-policy", policy, "content-type", type, ...NOSNIFF];
  return { status: 200, fields, body, length: body.length };
}

async function makeListing(
  listed: readonly Listed[],
  path: string,
  segments: readonly string[],
  order: Order,
  json: boolean,
  { access, colons }: StaticSettings,
): Promise<MadeListing> {
  const served = listed.slice(0, MOST_LISTED).filter(({ name, directory, realPath }) =>
    name.isWellFormed() && safeSegments(`/${encodeURIComponent(name)}`, colons) &&
    access([...segments, name]) === "allow" &&
    (!realPath || access(realPath, directory ? "directory" : "file") === "allow")
  );
  const entries = await sorted(served, comparison(order));
  const more = listed.length > MOST_LISTED;
  const text = json
    ? JSON.stringify(entries.map(listedAsJson))
    : await listingPage({ path, entries, order, depth: segments.length, more });
  const body = new TextEncoder().encode(text);
  const { etag } = await hashedEntry("", body, {});
  return { body, etag };
}

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(hash)));
}

function orderOf(query: URLSearchParams): Order {
  return {
    sort: COLUMNS.find((column) => column === query.get("sort")) ?? "name",
    descending: query.get("order") === "desc",
  };
}

function comparison({ sort, descending }: Order): (a: Listed, b: Listed) => number {
  const { compare } = collator ??= new Intl.Collator("en", { numeric: true });
  const key = (entry: Listed): number => (sort === "size" ? entry.size : entry.lastModified) ?? -1;
  const sign = descending ? -1 : 1;
  return (a, b) =>
    Number(b.directory) - Number(a.directory) || // directories stay at the top
    (sort === "name" ? sign * compare(a.name, b.name) : sign * (key(a) - key(b))) ||
    compare(a.name, b.name);
}

/** Merge sort that lets other requests have their turn. */
async function sorted(
  entries: readonly Listed[],
  compare: (a: Listed, b: Listed) => number,
): Promise<readonly Listed[]> {
  if (entries.length <= ROWS_AT_ONCE) return entries.toSorted(compare);
  const middle = Math.ceil(entries.length / 2);
  const left = await sorted(entries.slice(0, middle), compare);
  const right = await sorted(entries.slice(middle), compare);
  const merged: Listed[] = [];
  for (let i = 0, k = 0; merged.length < entries.length;) {
    if (merged.length % (4 * ROWS_AT_ONCE) === 0) await nextTurn();
    const [a, b] = [left[i], right[k]];
    if (a && (!b || compare(a, b) <= 0)) [merged[i + k], i] = [a, i + 1];
    else if (b) [merged[i + k], k] = [b, k + 1];
  }
  return merged;
}

function listedAsJson({ name, directory, size, lastModified }: Listed): object {
  return {
    name,
    type: directory ? "directory" : "file",
    ...(directory || size === undefined ? {} : { size }),
    ...(lastModified === undefined ? {} : { modified: new Date(lastModified).toISOString() }),
  };
}
