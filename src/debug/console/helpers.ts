/**
 * What a console offers by name: `console`, `help` and `$import`.
 *
 * @module
 */
import { builtinIfAny } from "../../runtime.ts";
import { classOf, kindOf } from "./description.ts";
import { broken, inspectValue } from "./inspect.ts";

/** A `console` that writes into a list. */
export interface Output {
  readonly console: Console;
  write(text: string): void;
  /** Returns the lines since the last call. */
  take(): readonly string[];
}

const MOST_LINES = 1000;
const MOST_CHARACTERS = 10_000;
const HELP = `_             the value of the last input
dump()        the variables of this frame
dump(value)   a value with all of its members
help(value)   what a value is, and what it can do
$import(name) a module, as import() returns it`;
const MOST_SOURCE = 2000;

/** Makes an output. Methods of `console` that do not write are those of the process. */
export function output(): Output {
  let lines: string[] = [];
  const write = (text: string): void => {
    if (lines.length < MOST_LINES) lines.push(text.slice(0, MOST_CHARACTERS));
    else if (lines.length === MOST_LINES) lines.push("… more was written");
  };
  const textOf = (value: unknown): string =>
    typeof value === "string" ? value : inspectValue(value, { depth: 0 }).text;
  const log = (...values: unknown[]): void => write(values.map(textOf).join(" "));
  const dir = (value: unknown): void => write(textOf(value));
  const table = (value: unknown): void => {
    const { text, members } = inspectValue(value, { depth: 1 });
    if (!members) write(text);
    for (const member of members ?? []) write(`${member.key}\t${member.value.text}`);
  };
  const own = { log, info: log, debug: log, warn: log, error: log, trace: log, dir, table };
  return {
    console: Object.assign(Object.create(globalThis.console) as Console, own),
    write,
    take() {
      const taken = lines;
      lines = [];
      return taken;
    },
  };
}

/** Explains a value, or the console. */
export function helpOn(args: readonly unknown[]): string {
  if (args.length === 0) return HELP;
  try {
    return explain(args[0]);
  } catch (error) {
    return broken(error).text;
  }
}

function explain(value: unknown): string {
  const kind = kindOf(value);
  const { text } = inspectValue(value, { depth: 0 });
  if (kind === "function" || kind === "class") {
    const source = Function.prototype.toString.call(value);
    return source.length > MOST_SOURCE ? `${source.slice(0, MOST_SOURCE)}…` : source;
  }
  if (kind === "proxy" || typeof value !== "object" || value === null) return `${kind}  ${text}`;
  const lines = [`${classOf(value) || "object"}  ${text}`];
  // The methods of each prototype, the nearest first.
  for (let at: unknown = Object.getPrototypeOf(value); at && at !== Object.prototype;) {
    if (kindOf(at) === "proxy") break;
    const names = Object.getOwnPropertyNames(at).filter((name) => name !== "constructor");
    if (names.length > 0) lines.push(`  ${names.join(", ")}`);
    at = Object.getPrototypeOf(at);
  }
  return lines.join("\n");
}

/**
 * Imports a module.
 *
 * @param base The URL of the module that relative names and packages are resolved from; by default
 *   the working directory.
 */
export async function importFrom(base: string | undefined, specifier: string): Promise<unknown> {
  return await import(resolve(base, specifier)) as unknown;
}

function resolve(base: string | undefined, specifier: string): string {
  const url = builtinIfAny("node:url");
  const from = base?.startsWith("/")
    ? url?.pathToFileURL(base).href
    : base ?? url?.pathToFileURL("console").href;
  if (from === undefined || /^[a-z][\w+.-]+:/i.test(specifier)) return specifier;
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, from).href;
  try {
    const path = builtinIfAny("node:module")?.createRequire(from).resolve(specifier);
    // Built-in modules resolve to their own name.
    return path && path !== specifier && url ? url.pathToFileURL(path).href : specifier;
  } catch { // The runtime may resolve names that Node does not.
    return specifier;
  }
}
