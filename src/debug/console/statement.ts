/**
 * What kind of source was typed, found by letting the engine parse it where it will run.
 *
 * @module
 */
import type { Evaluate } from "../indirect_eval.ts";
import { balanceOf } from "./scan.ts";

/** How source is run. */
export type Form =
  | { readonly kind: "expression" | "statements"; readonly source: string }
  /** With `await`; the tail is an expression whose value counts, or `""`. */
  | { readonly kind: "async"; readonly body: string; readonly tail: string }
  /** More must follow. */
  | { readonly kind: "incomplete" };

/** So many places are tried to find the last expression. */
const MOST_SPLITS = 30;
/** What may end a source that wants more: an operator, a head without its body, half a `try`. */
const CONTINUATIONS = ["\n0", "\n{}", "\n:0", "\ncatch{}", "\nwhile(0)", "\n0)"];
const DECLARES =
  /^(?:\s|\/\/[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:(?:async\s+)?function\b|class\b)/;

/** Finds the form of source. Nothing of it is run. */
export function formOf(source: string, evaluate: Evaluate): Form {
  const balance = balanceOf(source);
  // A blank line ends an input, right or wrong.
  const final = source.slice(source.trimEnd().length).split("\n").length > 2;
  if (balance === "open" && !final) return { kind: "incomplete" };
  // Closed too early, source could leave the wrapping below, and run.
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
    // Without a semicolon, only what cannot go on with the line before; and no comment.
    const apart = body.endsWith(";") || /^\s*[\w$"']/.test(tail);
    if (!apart || line.includes("//") || DECLARES.test(tail)) continue;
    if (isExpression(tail, "async") && isStatements(body, "async")) {
      return { kind: "async", body, tail };
    }
  }
  return { kind: "async", body: source, tail: "" };
}

/** Whether source parses. It is a function that nobody calls. */
function parses(evaluate: Evaluate, source: string): boolean {
  try {
    evaluate(source);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
