/**
 * The HTML of a listing.
 *
 * @module
 */
import { Html, html } from "../http/html.ts";
import type { Listed } from "./source.ts";

/** The columns by which a listing can be sorted. */
export const COLUMNS = ["name", "size", "modified"] as const;

/** The order of a listing. */
export interface Order {
  readonly sort: (typeof COLUMNS)[number];
  readonly descending: boolean;
}

/** The names of a directory that are served. */
export interface Listing {
  /** The decoded path of the directory in the URL, with its slash. */
  readonly path: string;
  readonly entries: readonly Listed[];
  readonly order: Order;
  /** How far the directory is below the export. */
  readonly depth: number;
  /** Whether the directory has more names than are listed. */
  readonly more: boolean;
}

/** How many rows are made at once, before other requests have their turn. */
export const ROWS_AT_ONCE = 250;

/** Lets other requests have their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The style sheet. `Content-Security-Policy` allows it by its hash. */
export const LISTING_STYLE = `:root{color-scheme:light dark;--line:light-dark(#e4e5ea,#34363c);
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

/** The page of a listing. */
export async function listingPage(listing: Listing): Promise<string> {
  const { entries } = listing;
  let rows = "";
  for (let at = 0; at < entries.length; at += ROWS_AT_ONCE) {
    if (at > 0) await nextTurn();
    for (const entry of entries.slice(at, at + ROWS_AT_ONCE)) rows += compact(row(entry));
  }
  return compact(document(listing, new Html(rows)));
}

/** Removes the space between tags. Names have no tags: their `<` is escaped. */
function compact({ markup }: Html): string {
  return markup.trim().replace(/>\s+</g, "><");
}

/** The document, with rows that were made before. */
function document(
  { path, entries, order, depth, more }: Listing,
  rows: Html,
): Html {
  const { sort, descending } = order;
  const heading = (column: Order["sort"], title: string): Html => {
    const active = column === sort;
    const next = active && !descending ? "desc" : "asc";
    const state = !active ? "none" : descending ? "descending" : "ascending";
    const arrow = !active ? "" : descending ? " ↓" : " ↑";
    return html`
      <th scope="col" aria-sort="${state}" ${column === "name" ? "" : new Html('class="n"')}>
      <a href="?sort=${column}&order=${next}">${title}<span aria-hidden="true">${arrow}</span></a></th>
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
      <style>${new Html(LISTING_STYLE)}</style>
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

/** The directories above, down from the export. */
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
  // Without "./", a colon in the name would end a scheme.
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
