/**
 * The page of a directory, for people and for programs.
 *
 * @module
 */
import { Html, html } from "../http/html.ts";
import { weightOfType } from "../http/negotiation.ts";
import { evaluatePreconditions } from "../http/preconditions.ts";
import { hashedEntry } from "./sources/entry.ts";
import { NOSNIFF, type Plan } from "./finish.ts";
import type { Listed } from "./source.ts";

/** What a listing can be sorted by. */
const COLUMNS = ["name", "size", "modified"] as const;
type Column = (typeof COLUMNS)[number];

/** What is listed. */
export interface Listing {
  /** The path of the directory as the client sees it, decoded; ends in a slash. */
  readonly path: string;
  /** Tells what is served of what was listed. */
  readonly entries: () => readonly Listed[] | Promise<readonly Listed[]>;
  readonly query: URLSearchParams;
  /** How many directories are above, down from the export. */
  readonly depth: number;
  /** Whether there are names that are not listed. */
  readonly more: boolean;
}

/** Made for the first listing: it takes 10 ms. */
let names: Intl.Collator | undefined;

interface Order {
  readonly sort: Column;
  readonly descending: boolean;
}

const STYLE = `:root{color-scheme:light dark;--line:light-dark(#e4e5ea,#34363c);
--dim:light-dark(#5b6069,#a6abb5);--link:light-dark(#0b57d0,#a8c7fa);--hover:light-dark(#f3f5f9,#1f2126)}
html{background:light-dark(#fff,#15171b);color:light-dark(#1a1c20,#eceef1)}
body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:56rem;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:.25rem 0}
h1,td:first-child{overflow-wrap:anywhere}
ol{display:flex;flex-wrap:wrap;list-style:none;margin:0;padding:0}
li::after{content:"/";color:var(--dim);margin:0 .4rem}
p,.n,th{color:var(--dim)}p{margin:.25rem 0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;border-bottom:1px solid var(--line)}th{font-weight:600}
td:first-child,tr:hover .n:last-child{border-radius:.4rem}
tbody tr:hover{background:var(--hover)}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;padding-left:1rem}
a{color:var(--link);text-decoration:none;border-radius:.3rem}
th a,td a{display:block;padding:.55rem .4rem}th a{color:inherit}td.n{padding-right:.4rem}
td a{display:flex;gap:.6rem}
td a::before{content:"";flex:none;width:1rem;height:1rem;margin-top:.25rem;background:var(--dim);
clip-path:polygon(15% 5%,60% 5%,85% 30%,85% 95%,15% 95%)}
td .d::before{background:var(--link);
clip-path:polygon(0 12%,38% 12%,48% 26%,100% 26%,100% 90%,0 90%)}
td .u::before{clip-path:polygon(50% 8%,95% 55%,65% 55%,65% 92%,35% 92%,35% 55%,5% 55%)}
a:hover{text-decoration:underline}a:focus-visible{outline:2px solid var(--link);outline-offset:1px}
@media(max-width:34rem){th:last-child,td:last-child{display:none}}`;

/** A listing that was made. */
interface Made {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly etag: string | undefined;
}

/** Listings that were made of what a source gave, which it may give again for a moment. */
export type MadeListings = WeakMap<readonly Listed[], Map<string, Promise<Made>>>;

/** In how many spellings and orders a list is kept. */
const KEPT = 4;
/** How many rows are made before others have their turn. */
const TURN = 250;

let styleHash: Promise<string> | undefined;

/** A listing: as JSON when the client likes that better, else as HTML. */
export async function listingPlan(
  request: Request,
  listing: Listing,
  listed: readonly Listed[],
  kept: MadeListings,
): Promise<Plan> {
  const order = orderOf(listing.query);
  const accept = request.headers.get("accept");
  const json = weightOfType(accept, "application/json") > weightOfType(accept, "text/html");
  const made = kept.get(listed) ?? new Map<string, Promise<Made>>();
  kept.set(listed, made);
  const key = JSON.stringify([listing.path, order, json]);
  const making = made.get(key) ?? make(listing, order, json);
  if (made.size < KEPT) made.set(key, making);
  const { body, etag = "" } = await making;
  styleHash ??= hashOf(STYLE);
  const policy = `default-src 'none'; style-src 'sha256-${await styleHash}'; base-uri 'none'; ` +
    "form-action 'none'; frame-ancestors 'none'";
  const guides = ["cache-control", "no-cache", "etag", etag, "vary", "accept"];
  const outcome = evaluatePreconditions(request.method, request.headers, { etag }, Date.now());
  if (outcome === "failed") {
    return { status: 412, fields: [...guides, ...NOSNIFF], cacheControl: "no-store" };
  }
  if (outcome !== "proceed") return { status: 304, fields: guides };
  const type = json ? "application/json" : "text/html; charset=utf-8";
  const fields = [...guides, "content-security-policy", policy, "content-type", type, ...NOSNIFF];
  return { status: 200, fields, body, length: body.length };
}

async function make(listing: Listing, order: Order, json: boolean): Promise<Made> {
  const entries = await sorted(await listing.entries(), order);
  const text = json
    ? JSON.stringify(entries.map(plain))
    : compact(page({ ...listing, entries }, order, await rows(entries)));
  const body = new TextEncoder().encode(text);
  const { etag } = await hashedEntry("", body, {});
  return { body, etag };
}

async function hashOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(hash)));
}

/** In names, what could end a tag is escaped; so this is the space between tags alone. */
function compact({ markup }: Html): string {
  return markup.trim().replace(/>\s+</g, "><");
}

/** Lets others have their turn. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function rows(entries: readonly Listed[]): Promise<Html> {
  let markup = "";
  for (let at = 0; at < entries.length; at += TURN) {
    if (at > 0) await pause();
    for (const entry of entries.slice(at, at + TURN)) markup += compact(row(entry));
  }
  return new Html(markup);
}

function orderOf(query: URLSearchParams): Order {
  return {
    sort: COLUMNS.find((column) => column === query.get("sort")) ?? "name",
    descending: query.get("order") === "desc",
  };
}

async function sorted(
  entries: readonly Listed[],
  { sort, descending }: Order,
): Promise<readonly Listed[]> {
  const { compare: compareNames } = names ??= new Intl.Collator("en", { numeric: true });
  const key = (entry: Listed): number => (sort === "size" ? entry.size : entry.lastModified) ?? -1;
  const compare = (a: Listed, b: Listed): number =>
    // Directories stay together at the top.
    Number(b.directory) - Number(a.directory) ||
    (descending ? -1 : 1) * (sort === "name" ? 0 : key(a) - key(b)) ||
    (descending && sort === "name" ? -1 : 1) * compareNames(a.name, b.name);
  let runs: (readonly Listed[])[] = [];
  for (let at = 0; at < entries.length; at += TURN) {
    if (at > 0) await pause();
    runs.push(entries.slice(at, at + TURN).toSorted(compare));
  }
  while (runs.length > 1) {
    const merged: (readonly Listed[])[] = [];
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(await merge(runs[i] ?? [], runs[i + 1] ?? [], compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(
  left: readonly Listed[],
  right: readonly Listed[],
  compare: (a: Listed, b: Listed) => number,
): Promise<readonly Listed[]> {
  const merged: Listed[] = [];
  for (let i = 0, k = 0; i < left.length || k < right.length;) {
    const [a, b] = [left[i], right[k]];
    if (a && (!b || compare(a, b) <= 0)) [merged[i + k], i] = [a, i + 1];
    else if (b) [merged[i + k], k] = [b, k + 1];
    if ((i + k) % (4 * TURN) === 0) await pause();
  }
  return merged;
}

function plain({ name, directory, size, lastModified }: Listed): object {
  return {
    name,
    type: directory ? "directory" : "file",
    ...(directory || size === undefined ? {} : { size }),
    ...(lastModified === undefined ? {} : { modified: new Date(lastModified).toISOString() }),
  };
}

function page(
  { path, entries, depth, more }: Omit<Listing, "entries"> & {
    readonly entries: readonly Listed[];
  },
  { sort, descending }: Order,
  rows: Html,
): Html {
  const heading = (column: Column, title: string): Html => {
    const active = column === sort;
    const order = active && !descending ? "desc" : "asc";
    const state = !active ? "none" : descending ? "descending" : "ascending";
    const arrow = !active ? "" : descending ? " ↓" : " ↑";
    return html`
      <th scope="col" aria-sort="${state}" ${column === "name" ? "" : new Html('class="n"')}>
      <a href="?sort=${column}&order=${order}">${title}<span aria-hidden="true">${arrow}</span></a></th>
    `;
  };
  const up = html`
    <tr>
      <td><a class="u" href="../">Parent directory</a></td>
      <td class="n"></td>
      <td class="n"></td>
    </tr>
  `;
  const names = path.split("/").filter(Boolean);
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>${path}</title>
      <style>${new Html(STYLE)}</style>
      <main>
    ${depth === 0 ? "" : crumbs(names, depth)}
    <h1><bdi>${names.at(-1) ?? "/"}</bdi></h1>
    <p>${summary(entries)}${more ? ". There are more; these are the first that were found" : ""}</p>
    <table>
    <thead><tr>${heading("name", "Name")}${heading("size", "Size")}${heading(
      "modified",
      "Modified (UTC)",
    )}</tr></thead>
    <tbody>${depth === 0 ? "" : up}${rows}</tbody>
    </table></main>
    </html>
  `;
}

/** The way down from the export; each name leads back to its own. */
function crumbs(names: readonly string[], depth: number): Html {
  const links = Array.from({ length: depth }, (_, i) =>
    html`
      <li><a href="${"../".repeat(depth - i)}"><bdi>${names.at(i - depth - 1) ??
        "Home"}</bdi></a></li>
    `);
  return html`
    <nav aria-label="Directories above">
      <ol>${links}</ol>
    </nav>
  `;
}

function summary(entries: readonly Listed[]): string {
  const folders = entries.filter(({ directory }) => directory).length;
  const files = entries.length - folders;
  const count = (n: number, one: string, many: string): string[] =>
    n === 0 ? [] : [`${n.toLocaleString("en")} ${n === 1 ? one : many}`];
  return [...count(folders, "folder", "folders"), ...count(files, "file", "files")].join(", ") ||
    "Nothing is in here";
}

function row({ name, directory, size, lastModified }: Listed): Html {
  // With "./", a colon in the name does not make a scheme.
  const href = `./${encodeURIComponent(name)}${directory ? "/" : ""}`;
  return html`
    <tr>
      <td><a ${directory ? new Html('class="d"') : ""} href="${href}"><bdi>${name}${directory
        ? "/"
        : ""}</bdi></a></td>
      <td class="n">${directory || size === undefined ? "" : readableSize(size)}</td>
      <td class="n">${lastModified === undefined ? "" : time(lastModified)}</td>
    </tr>
  `;
}

function time(value: number): Html {
  const iso = new Date(value).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")}</time>`;
}

function readableSize(size: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = size < 1000
    ? 0
    : Math.min(Math.floor(Math.log10(size * 1.0005) / 3), units.length - 1);
  const value = size / 1000 ** power;
  return `${power === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
