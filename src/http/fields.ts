/**
 * Header fields as values, and lists of their names.
 *
 * @module
 */

/** One field line: a name and a value. */
export type Field = readonly [name: string, value: string];

/** Field lines in one flat list: a name, its value, the next name. It may serve many responses. */
export type RawHeaders = readonly string[];

/** Looks fields up by name, as `Headers` does. */
export interface HeaderReader {
  /** The value of a field, its lines joined with a comma; `null` when there is none. */
  get(name: string): string | null;
}

/**
 * Compiles a list of names in lower case into a test for a name in lower case. A name that ends in
 * `*` matches every name with this beginning.
 */
export function fieldNames(list: readonly string[]): (name: string) => boolean {
  if (!list.some(isFamily)) {
    const names = new Set(list);
    return (name) => names.has(name);
  }
  const alternatives = list.map((name) =>
    isFamily(name) ? escaped(name.slice(0, -1)) : `${escaped(name)}$`
  );
  // Anchored alternatives: matching is linear.
  const listed = new RegExp(`^(?:${alternatives.join("|")})`);
  return (name) => listed.test(name);
}

function isFamily(name: string): boolean {
  return name.endsWith("*");
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** CGI and PHP replace each of these characters by the same one in the names of their variables. */
const ODD = /[^a-z0-9-]/g;

/**
 * The name as applications behind CGI, WSGI or PHP may see it: for them `X_Forwarded_For`,
 * `X.Forwarded.For` and `X-Forwarded-For` are the same variable.
 */
export function plainName(name: string): string {
  return name.replace(ODD, "-");
}
