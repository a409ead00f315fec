/**
 * Where source stops: inside of brackets, a template, a comment, or nowhere.
 *
 * @module
 */

/** How source is balanced: `"open"` when more must follow, `"broken"` when none can. */
export type Balance = "even" | "open" | "broken";

const CLOSERS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
/** A slash after one of these begins a regular expression; after a value, it divides. */
const BEFORE_PATTERN =
  /(?:^|[([{,;:=<>!?&|^~+\-*%]|\b(?:return|typeof|case|in|of|do|else|void|delete|await|yield|throw|new))$/;
const TOKENS =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\\n]|\\[\s\S])*(?:"|$|(?=\n))|'(?:[^'\\\n]|\\[\s\S])*(?:'|$|(?=\n))|[`()[\]{}/]/y;
const PATTERN = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/** So much text before a slash tells what it is. */
const BACK = 20;

/** Reads source once, from left to right. */
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
