/**
 * Finds the form of an input: expression, statements, or incomplete. The engine parses it where it
 * will run.
 *
 * @module
 */
import type { Evaluate } from "../indirect_eval.ts";

/** The way to run an input. */
export type Form =
  | { readonly kind: "expression" | "statements"; readonly source: string }
  /** With `await`; the tail is the expression whose value is shown, or `""`. */
  | { readonly kind: "async"; readonly body: string; readonly tail: string }
  | { readonly kind: "incomplete" };

/** The number of places that are tried for the start of the last expression. */
const MOST_SPLITS = 30;
/** Completions of an incomplete input: an operator, a head without its body, half a `try`. */
const CONTINUATIONS = ["\n0", "\n{}", "\n:0", "\ncatch{}", "\nwhile(0)", "\n0)"];
const DECLARES =
  /^(?:\s|\/\/[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:(?:async\s+)?function\b|class\b)/;

/** Finds the form of an input. Nothing is run. */
export function formOf(source: string, evaluate: Evaluate): Form {
  const balance = balanceOf(source);
  // A blank line ends an input, complete or not.
  const final = source.slice(source.trimEnd().length).split("\n").length > 2;
  if (balance === "open" && !final) return { kind: "incomplete" };
  // An unbalanced input could leave the wrapping below, and run.
  if (balance !== "even") return { kind: "statements", source };
  const isExpression = (text: string, async: string): boolean =>
    text.trim() !== "" && parses(evaluate, `${async}()=>(${text}\n)`);
  const isStatements = (text: string, async: string): boolean =>
    parses(evaluate, `${async}()=>{${text}\n}`);

  const declares = DECLARES.test(source) && isStatements(source, "");
  if (declares) return { kind: "statements", source };
  if (/\bawait\b/.test(source)) {
    const form = asyncForm(source, isExpression, isStatements);
    if (form) return form;
  }
  if (isExpression(source, "")) return { kind: "expression", source: `(${source}\n)` };
  if (isStatements(source, "")) return { kind: "statements", source };
  const goesOn = CONTINUATIONS.some((end) => isStatements(source + end, "async"));
  return goesOn && !final ? { kind: "incomplete" } : { kind: "statements", source };
}

type Check = (text: string, async: string) => boolean;

function asyncForm(source: string, isExpression: Check, isStatements: Check): Form | undefined {
  if (isExpression(source, "async")) return { kind: "async", body: "", tail: source };
  if (!isStatements(source, "async")) return undefined;
  const ends = [...source.matchAll(/[;}\n]/g)].map(({ index }) => index + 1).toReversed();
  for (const end of ends.slice(0, MOST_SPLITS)) {
    const [body, tail] = [source.slice(0, end), source.slice(end).replace(/[;\s]+$/, "")];
    const line = body.slice(body.lastIndexOf("\n", body.length - 2) + 1);
    // Without a semicolon, the tail must not continue the line before. Comments are not split.
    const apart = body.endsWith(";") || /^\s*[\w$"']/.test(tail);
    if (!apart || line.includes("//") || DECLARES.test(tail)) continue;
    if (isExpression(tail, "async") && isStatements(body, "async")) {
      return { kind: "async", body, tail };
    }
  }
  return { kind: "async", body: source, tail: "" };
}

/** Whether source parses. It is the body of a function that is never called. */
function parses(evaluate: Evaluate, source: string): boolean {
  try {
    evaluate(source);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Whether brackets are closed: `"open"` when more must follow, `"broken"` when nothing can. */
export type Balance = "even" | "open" | "broken";

const CLOSERS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
/** A slash after one of these begins a regular expression; after a value, it divides. */
const BEFORE_PATTERN =
  /(?:^|[([{,;:=<>!?&|^~+\-*%]|\b(?:return|typeof|case|in|of|do|else|void|delete|await|yield|throw|new))$/;
const TOKENS =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\\n]|\\(?:[\s\S]|$))*(?:"|$|(?=\n))|'(?:[^'\\\n]|\\(?:[\s\S]|$))*(?:'|$|(?=\n))|[`()[\]{}/]/y;
const PATTERN = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/** The number of characters before a slash that decide what it is. */
const BACK = 20;

/** Scans source once, from left to right, for brackets, templates and comments. */
export function balanceOf(source: string): Balance {
  const open: string[] = [];
  let at = 0;
  const skip = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  while (at < source.length) {
    if (open.at(-1) === "`") {
      skip(TEMPLATE);
      const closes = source[at] === "`";
      at += closes ? 1 : 2;
      if (closes) open.pop();
      else if (at <= source.length) open.push("}");
      continue;
    }
    const start = at;
    const token = skip(TOKENS);
    if (token === undefined) at++;
    else if (token === "/") {
      at = start;
      const before = source.slice(Math.max(0, start - BACK), start).trimEnd();
      if (!BEFORE_PATTERN.test(before) || skip(PATTERN) === undefined) at++;
    } else if (token.startsWith("/*") && !/^\/\*[\s\S]*\*\/$/.test(token)) return "open";
    else if (token === "`") open.push(token);
    else if (CLOSERS[token] !== undefined) open.push(CLOSERS[token]);
    else if (/^[)\]}]$/.test(token) && open.pop() !== token) return "broken";
  }
  return open.length > 0 ? "open" : "even";
}
