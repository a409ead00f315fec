/**
 * Parses the stack, in the form of V8 (`at name (place)`) or of JavaScriptCore (`name@place`).
 *
 * @module
 */
import type { StackLine } from "./types.ts";

/** The thrown value decides what `stack` is, so the part that is read is bounded. */
const MOST_CHARACTERS = 200_000;
const MOST_LINES = 200;
const LONGEST_LINE = 1000;
const PLACE = /:(\d{1,9})(?::(\d{1,9}))?$/;

/**
 * Parses a stack.
 *
 * @param head The name and the message of the error, which the stack usually begins with. A message
 *   can contain lines that look like frames; the files in them must not be shown.
 */
export function parseStack(stack: string, head: string): StackLine[] {
  const begins = head !== "" && stack.startsWith(head);
  const lines = stack.slice(begins ? head.length : 0, MOST_CHARACTERS).split("\n");
  const read = lines.map((line) => line.length > LONGEST_LINE ? undefined : parseLine(line.trim()));
  // With a different head, only the last lines are certainly not part of a message.
  const first = begins ? 0 : read.findLastIndex((line, i) => !line && lines[i]?.trim() !== "") + 1;
  return read.slice(first).filter((line) => line !== undefined).slice(0, MOST_LINES);
}

function parseLine(text: string): StackLine | undefined {
  if (text.startsWith("at ")) return parseV8(text.slice(3));
  const at = text.indexOf("@");
  // An e-mail address in a message has no line number.
  if (at >= 0 && (PLACE.test(text) || text.endsWith("@[native code]"))) {
    return { name: text.slice(0, at), awaiting: false, ...readPlace(text.slice(at + 1)) };
  }
  return undefined;
}

function parseV8(text: string): StackLine {
  const awaiting = text.startsWith("async ");
  const rest = awaiting ? text.slice(6) : text;
  const open = rest.endsWith(")") ? openingParenthesis(rest) : -1;
  if (open < 0) return { name: "", awaiting, ...readPlace(rest) };
  const name = rest.slice(0, open).trim().replace(/^<anonymous>$/, "");
  return { name, awaiting, ...readPlace(rest.slice(open + 1, -1)) };
}

/** The parenthesis that the last one closes; a path may contain parentheses. */
function openingParenthesis(text: string): number {
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i--) {
    if (text[i] === ")") depth++;
    if (text[i] === "(" && --depth === 0) return i;
  }
  return -1;
}

/** Evaluated code has no file; the place of the innermost `eval` stands for it. */
function evaluatedAt(place: string): string {
  const open = place.lastIndexOf("(");
  const close = place.indexOf(")", open);
  return place.slice(open + 1, close < 0 ? undefined : close);
}

function readPlace(place: string): Pick<StackLine, "url" | "line" | "column"> {
  const text = place.startsWith("eval at ") ? evaluatedAt(place) : place;
  const match = PLACE.exec(text);
  const url = text.slice(0, match?.index);
  const [, line = 0, column = 0] = match ?? [];
  return { url: url.startsWith("<") ? "" : url, line: Number(line), column: Number(column) };
}
