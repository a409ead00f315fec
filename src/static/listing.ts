/**
 * The page of a directory, for people and for programs.
 *
 * @module
 */
import { Html, html } from "../http/html.ts";
import { weightOfType } from "../http/negotiation.ts";
import type { Listed } from "./source.ts";

/** What a listing can be sorted by. */
const COLUMNS = ["name", "size", "modified"] as const;
type Column = (typeof COLUMNS)[number];

/** What is listed. */
export interface Listing {
  /** The path of the directory as the client sees it, decoded; ends in a slash. */
  readonly path: string;
  readonly entries: readonly Listed[];
  readonly query: URLSearchParams;
  /** Whether there is nothing above that could be listed. */
  readonly atRoot: boolean;
  /** Whether there are names that are not listed. */
  readonly more: boolean;
}

interface Order {
  readonly sort: Column;
  readonly descending: boolean;
}

const STYLE = `:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
h1{font-size:1.25rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
th,td{padding:.4rem .75rem .4rem 0;text-align:left;border-bottom:1px solid #8884}
td:first-child{overflow-wrap:anywhere}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
a{text-decoration:none}a:hover,a:focus-visible{text-decoration:underline}
@media(max-width:30rem){th:last-child,td:last-child{display:none}}`;

/** Answers with a listing: as JSON when the client likes that better, else as HTML. */
export function listingResponse(request: Request, listing: Listing): Response {
  const order = orderOf(listing.query);
  const entries = sorted(listing.entries, order);
  const accept = request.headers.get("accept");
  const json = weightOfType(accept, "application/json") > weightOfType(accept, "text/html");
  const nonce = crypto.randomUUID();
  const text = json
    ? JSON.stringify(entries.map(plain))
    : page({ ...listing, entries }, order, nonce).markup.trim();
  const bytes = new TextEncoder().encode(text);
  const headers = {
    "cache-control": "no-cache",
    "content-length": String(bytes.length),
    "content-security-policy":
      `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; ` +
      "frame-ancestors 'none'",
    "content-type": json ? "application/json" : "text/html; charset=utf-8",
    "vary": "accept",
    "x-content-type-options": "nosniff",
  };
  return new Response(request.method === "HEAD" ? null : bytes, { headers });
}

function orderOf(query: URLSearchParams): Order {
  return {
    sort: COLUMNS.find((column) => column === query.get("sort")) ?? "name",
    descending: query.get("order") === "desc",
  };
}

function sorted(entries: readonly Listed[], { sort, descending }: Order): readonly Listed[] {
  const { compare } = new Intl.Collator("en", { numeric: true });
  const key = (entry: Listed): number => (sort === "size" ? entry.size : entry.lastModified) ?? -1;
  return entries.toSorted((a, b) =>
    // Directories stay together at the top.
    Number(b.directory) - Number(a.directory) ||
    (descending ? -1 : 1) * (sort === "name" ? 0 : key(a) - key(b)) ||
    (descending && sort === "name" ? -1 : 1) * compare(a.name, b.name)
  );
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
  { path, entries, atRoot, more }: Listing,
  { sort, descending }: Order,
  nonce: string,
): Html {
  const heading = (column: Column, title: string): Html => {
    const active = column === sort;
    const order = active && !descending ? "desc" : "asc";
    const state = !active ? "none" : descending ? "descending" : "ascending";
    const arrow = !active ? "" : descending ? " ↓" : " ↑";
    return html`
      <th scope="col" aria-sort="${state}" ${column === "name" ? "" : new Html(' class="n"')}>
      <a href="?sort=${column}&order=${order}">${title}${arrow}</a></th>
    `;
  };
  return html`
    <!DOCTYPE html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${path}</title>
    <style nonce="${nonce}">${new Html(STYLE)}</style>
    <h1>${crumbs(path, atRoot)}</h1>
    <table>
    <thead><tr>${heading("name", "Name")}${heading("size", "Size")}${heading(
      "modified",
      "Modified",
    )}</tr></thead>
    <tbody>
    ${atRoot ? "" : html`
      <tr>
        <td><a href="../">..</a></td>
        <td></td>
        <td></td>
      </tr>
    `}${entries.map(row)}</tbody>
    </table>
    ${entries.length === 0 ? html`<p>This directory is empty.</p>` : ""}
    ${more ? html`<p>There are more names than these.</p>` : ""}</html>
  `;
}

/** The way down to the directory; each name leads back to its own. */
function crumbs(path: string, atRoot: boolean): Html {
  const names = path.split("/").filter(Boolean);
  const links = names.map((name, i) => {
    const up = names.length - 1 - i;
    return up === 0 || atRoot
      ? html`
        <span>${name}</span> /
      `
      : html`
        <a href="${"../".repeat(up)}">${name}</a> /
      `;
  });
  return html`/ ${links}`;
}

function row({ name, directory, size, lastModified }: Listed): Html {
  // With "./", a colon in the name does not make a scheme.
  const href = `./${encodeURIComponent(name)}${directory ? "/" : ""}`;
  return html`
    <tr>
      <td><a href="${href}">${name}${directory ? "/" : ""}</a></td>
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
  const power = size < 1000 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), units.length - 1);
  const value = size / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
