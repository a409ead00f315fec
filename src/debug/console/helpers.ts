/**
 * What a console offers by name: `dump`, `help` and `$import`.
 *
 * @module
 */
import { builtinIfAny } from "../../runtime.ts";
import type { Inspected } from "../inspected.ts";
import { brands } from "./brands.ts";
import { classOf, kindOf } from "./description.ts";
import { broken, type InspectLimits, inspectValue } from "./inspect.ts";

/** What `help()` says. */
const HELP = `_             the value of the last input
dump()        the variables of this frame
dump(value)   a value with all of its members
help(value)   what a value is, and what it can do
$import(name) a module, as import() gives it`;
const MOST_SOURCE = 2000;

/** Says what a value is. */
export function helpOn(args: readonly unknown[]): string {
  if (args.length === 0) return HELP;
  try {
    return describeWhole(args[0]);
  } catch (error) {
    return broken(error).text;
  }
}

function describeWhole(value: unknown): string {
  const kind = kindOf(value, brands());
  const { text } = inspectValue(value, { depth: 0 });
  if (kind === "function" || kind === "class") {
    const source = Function.prototype.toString.call(value);
    return source.length > MOST_SOURCE ? `${source.slice(0, MOST_SOURCE)}…` : source;
  }
  if (kind === "proxy" || typeof value !== "object" || value === null) return `${kind}  ${text}`;
  return [`${classOf(value, brands()) || "object"}  ${text}`, ...methodsOf(value)].join("\n");
}

/** The names along the prototypes, the nearest first. */
function methodsOf(value: object): string[] {
  const lines: string[] = [];
  for (let at: unknown = Object.getPrototypeOf(value); at && at !== Object.prototype;) {
    if (brands().isProxy(at)) break;
    const names = Object.getOwnPropertyNames(at).filter((name) => name !== "constructor");
    if (names.length > 0) lines.push(`  ${names.join(", ")}`);
    at = Object.getPrototypeOf(at);
  }
  return lines;
}

/** The whole of a value, as `dump(value)` shows it. */
export function dumpOf(value: unknown, limits: InspectLimits): Inspected {
  return inspectValue(value, { ...limits, depth: 2, members: 1000, text: 10_000 });
}

/**
 * Imports a module for somebody who typed its name.
 *
 * @param base The URL of the module that a relative name is relative to, and a package is looked
 *   for from; left out, the working directory.
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
    // Node's own modules have a name only.
    return path && path !== specifier && url ? url.pathToFileURL(path).href : specifier;
  } catch { // the runtime may know more
    return specifier;
  }
}
