/**
 * Structured fields (RFC 9651): dictionaries and single items, which is what requests use. Dates
 * and display strings are not supported.
 *
 * @module
 */

/** A token; a type of its own, because `"a"` and `a` are not the same. */
export interface Token {
  /** The token as it is written. */
  readonly token: string;
}

/** The value of an item, without its parameters. */
export type BareItem = number | string | boolean | Token | Uint8Array<ArrayBuffer>;

/** The longest field that is read. RFC 9651 asks for byte sequences of 16 KiB, before base64. */
const LONGEST = 32 * 1024;

// Sticky, so that a field is read from left to right, and in linear time.
const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const NUMBER = /-?\d{1,15}(?:\.\d{1,3})?/y;
const TEXT = /"((?:[ !\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][!#$%&'*+\-.^_`|~:/0-9A-Za-z]*/y;
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y;
const BOOLEAN = /\?([01])/y;
const PARAMETER = /; *([a-z*][a-z0-9_\-.*]*)(=)?/y;
const BLANKS = /[ \t]*/y;
const SPACES = / */y;

/** A position in a field. */
interface Cursor {
  readonly text: string;
  at: number;
}

/** Reads a dictionary (§4.2.2), or `undefined` when the field is not one. */
export function parseDictionary(
  field: string,
): ReadonlyMap<string, BareItem | readonly BareItem[]> | undefined {
  const cursor = begin(field);
  const members = new Map<string, BareItem | readonly BareItem[]>();
  if (!cursor) return undefined;
  while (cursor.at < cursor.text.length) {
    const key = take(cursor, KEY)?.[0];
    if (key === undefined) return undefined;
    const value = cursor.text[cursor.at] === "="
      ? readMember(cursor, 1)
      : readParameters(cursor, true);
    if (value === undefined) return undefined;
    members.set(key, value); // the last value wins, at the position of the first
    take(cursor, BLANKS);
    if (cursor.at === cursor.text.length) break;
    if (cursor.text[cursor.at++] !== ",") return undefined;
    take(cursor, BLANKS);
    if (cursor.at === cursor.text.length) return undefined; // a comma at the end
  }
  return members;
}

/** Reads a single item (§4.2.3), or `undefined` when the field is not one. */
export function parseItem(field: string): BareItem | undefined {
  const cursor = begin(field);
  const value = cursor && readItem(cursor, 0);
  return cursor?.at === cursor?.text.length ? value : undefined;
}

function begin(field: string): Cursor | undefined {
  if (field.length > LONGEST) return undefined;
  let [start, end] = [0, field.length];
  while (field[start] === " ") start++;
  while (end > start && field[end - 1] === " ") end--;
  return { text: field.slice(start, end), at: 0 };
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match) cursor.at = pattern.lastIndex;
  return match ?? undefined;
}

function readMember(cursor: Cursor, skipped: number): BareItem | readonly BareItem[] | undefined {
  if (cursor.text[cursor.at + skipped] !== "(") return readItem(cursor, skipped);
  cursor.at += skipped + 1;
  const items: BareItem[] = [];
  for (;;) {
    const spaces = take(cursor, SPACES)?.[0] ?? "";
    if (cursor.text[cursor.at] === ")") break;
    if (items.length > 0 && spaces === "") return undefined;
    const item = readItem(cursor, 0);
    if (item === undefined) return undefined;
    items.push(item);
  }
  cursor.at++;
  return readParameters(cursor, items);
}

function readItem(cursor: Cursor, skipped: number): BareItem | undefined {
  cursor.at += skipped;
  const value = readBareItem(cursor);
  return value === undefined ? undefined : readParameters(cursor, value);
}

/** Skips parameters, and returns `value` if they are well-formed. */
function readParameters<T>(cursor: Cursor, value: T): T | undefined {
  for (let match = take(cursor, PARAMETER); match; match = take(cursor, PARAMETER)) {
    if (match[2] !== undefined && readBareItem(cursor) === undefined) return undefined;
  }
  return value;
}

function readBareItem(cursor: Cursor): BareItem | undefined {
  const number = take(cursor, NUMBER)?.[0];
  if (number !== undefined) {
    // §3.3.2: a decimal has at most twelve digits before its point.
    return /\d{13,}\./.test(number) || /[\d.]/.test(cursor.text[cursor.at] ?? "")
      ? undefined
      : Number(number);
  }
  const text = take(cursor, TEXT)?.[1];
  if (text !== undefined) return text.replace(/\\(.)/g, "$1");
  const token = take(cursor, TOKEN)?.[0];
  if (token !== undefined) return { token };
  const boolean = take(cursor, BOOLEAN)?.[1];
  if (boolean !== undefined) return boolean === "1";
  const bytes = take(cursor, BYTES)?.[1];
  return bytes === undefined ? undefined : decode(bytes);
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
