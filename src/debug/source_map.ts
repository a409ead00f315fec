/**
 * Source maps (ECMA-426): maps a position in a generated file to its source.
 *
 * This is not `SourceMap` of `node:module`: workerd does not implement it, and those of Node and Deno
 * map code that has no source to the source before it.
 *
 * @module
 */

/** A position in a source, from 1. */
export interface Original {
  /** The name of the source, as the map has it. */
  readonly source: string;
  /** The text of the source, if the map has it. */
  readonly text: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** Finds the source of a position, both from 1; `undefined` when the map does not have it. */
export type SourceMap = (line: number, column: number) => Original | undefined;

/** A generated column, and the source, line and column of it; from 0, and -1 for no source. */
type Mapping = readonly [column: number, source: number, line: number, sourceColumn: number];

/** Reads a source map; `undefined` when the text is not one. */
export function readSourceMap(text: string): SourceMap | undefined {
  const { version, sourceRoot, sources, sourcesContent, mappings } = parse(text);
  if (version !== 3 || typeof mappings !== "string") return undefined;
  const root = typeof sourceRoot === "string" && sourceRoot !== ""
    ? `${sourceRoot.replace(/\/$/, "")}/`
    : "";
  let lines: readonly (readonly Mapping[])[] | undefined;
  return (line, column) => {
    lines ??= decodeMappings(mappings);
    let best: Mapping | undefined;
    for (const mapping of lines[line - 1] ?? []) {
      // Stacks without columns have 0.
      if (mapping[0] < Math.max(column, 1) && !(best && best[0] > mapping[0])) best = mapping;
    }
    const source: unknown = best && Array.isArray(sources) ? sources[best[1]] : undefined;
    if (!best || typeof source !== "string") return undefined;
    const content: unknown = Array.isArray(sourcesContent) ? sourcesContent[best[1]] : undefined;
    return {
      source: root + source,
      text: typeof content === "string" ? content : undefined,
      line: best[2] + 1,
      column: best[3] + 1,
    };
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    // The first line may protect against inclusion as a script (ECMA-426 §8.1).
    return Object(JSON.parse(text.replace(/^\)\]\}'[^\n]*\n/, ""))) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Numbers are differences to the ones before; generated columns start anew in each line. */
function decodeMappings(mappings: string): Mapping[][] {
  let [source, line, sourceColumn] = [0, 0, 0];
  return mappings.split(";").map((segments) => {
    let column = 0;
    const decoded: Mapping[] = [];
    for (const segment of segments.split(",")) {
      const numbers = segment === "" ? undefined : decodeNumbers(segment);
      if (!numbers) continue;
      const [columns = 0, sources, lines = 0, sourceColumns = 0] = numbers;
      column += columns;
      if (sources === undefined) {
        decoded.push([column, -1, 0, 0]);
        continue;
      }
      source += sources;
      line += lines;
      sourceColumn += sourceColumns;
      decoded.push([column, source, line, sourceColumn]);
    }
    return decoded;
  });
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES: ReadonlyMap<string, number> = new Map(Array.from(DIGITS, (digit, i) => [digit, i]));

/**
 * Reads base 64 numbers of five bits a digit, with the sign in the lowest bit (ECMA-426 §5.2).
 *
 * @returns `undefined` when the segment is malformed, or a number is too large.
 */
export function decodeNumbers(segment: string): number[] | undefined {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = VALUES.get(digit);
    if (bits === undefined || shift > 30) return undefined;
    // `<<` would lose the 32nd bit to the sign.
    value += (bits & 31) * 2 ** shift;
    shift += 5;
    if (bits & 32) continue;
    const magnitude = Math.floor(value / 2);
    numbers.push(value % 2 === 1 ? 0 - magnitude : magnitude);
    value = 0;
    shift = 0;
  }
  return shift === 0 ? numbers : undefined;
}
