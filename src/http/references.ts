/**
 * Headers that contain references, such as `Link`. Only the references are read. Nothing is
 * decoded: an escaped line break stays escaped.
 *
 * @module
 */

/** The time, the separator, and the URL, with or without its name and quotes. */
const REFRESH = /^([ \t]*[0-9.]+(?:[ \t]*[;,]|[ \t])[ \t]*(?:url[ \t]*=[ \t]*)?)(["']?)(.*)$/is;

/**
 * The value of `Refresh` with its URL replaced: `5; url=/there`, `5, "/there"`, `5 /there` (HTML
 * §4.2.5.3, the shared declarative refresh steps).
 */
export function mapRefresh(value: string, map: (reference: string) => string): string {
  const [, before = "", quote = "", rest = ""] = REFRESH.exec(value) ?? [];
  if (rest === "") return value;
  const end = quote === "" ? -1 : rest.indexOf(quote);
  const url = end < 0 ? rest : rest.slice(0, end);
  return before + quote + map(url) + rest.slice(url.length);
}

/** The value of `Link` with its targets replaced: `</style.css>; rel=preload` (RFC 8288 §3). */
export function mapLink(value: string, map: (reference: string) => string): string {
  let result = "";
  for (let at = 0; at < value.length;) {
    const end = value[at] === "<" ? value.indexOf(">", at) : tokenEnd(value, at);
    if (end < 0) return value; // unterminated: leave the rest as it is
    result += value[at] === "<" ? `<${map(value.slice(at + 1, end))}` : value.slice(at, end);
    at = end;
  }
  return result;
}

/** The links of a `Link` field, one by one (RFC 8288 §3). */
export function splitLinks(value: string): string[] {
  const links: string[] = [];
  let start = 0;
  for (let at = 0; at < value.length;) {
    if (value[at] === ",") {
      links.push(value.slice(start, at));
      start = ++at;
    } else if (value[at] === "<") {
      const end = value.indexOf(">", at);
      at = end < 0 ? value.length : end + 1;
    } else at = value[at] === '"' ? tokenEnd(value, at) : at + 1;
  }
  return [...links, value.slice(start)].map((link) => link.trim()).filter(Boolean);
}

/** The index at which the next target can begin: after a quoted string, or before `<`. */
function tokenEnd(value: string, start: number): number {
  if (value[start] !== '"') {
    const next = value.slice(start + 1).search(/["<]/);
    return next < 0 ? value.length : start + 1 + next;
  }
  for (let at = start + 1; at < value.length; at++) {
    if (value[at] === "\\") at++;
    else if (value[at] === '"') return at + 1;
  }
  return value.length;
}
