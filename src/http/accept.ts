/**
 * Media types that a client accepts (RFC 9110 §12.5.1).
 *
 * @module
 */
import { WEIGHT } from "./negotiation.ts";

/** A media range of an `Accept` field. */
interface Range {
  readonly type: string;
  readonly weight: number;
}

/** What is separated by commas or semicolons, which quoted strings may hold, too. */
const MEMBERS = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/gs;
const PARTS = /(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/gs;

/**
 * The media type to send: one of `available`, or `undefined` when the client accepts none of them.
 * Among types that the client likes as much, one that it names wins over one that it does not, then
 * the one that it names first, then the first of `available`.
 *
 * @param field The `Accept` field, or `null` without one.
 * @param available Media types in lower case, without parameters, in order of preference.
 */
export function negotiateMedia(
  field: string | null,
  available: readonly string[],
): string | undefined {
  const ranges = readRanges(field ?? "*/*");
  const rated = available.map((type) => ({ type, ...rate(ranges, type) }));
  const [best] = rated.filter(({ weight }) => weight > 0).toSorted((a, b) =>
    b.weight - a.weight || b.precision - a.precision || a.index - b.index
  );
  return best?.type;
}

/**
 * The weight of a media type without parameters in an `Accept` field, from 0 (refused) to 1. Without
 * the field, or with an empty one, everything has a weight of 1.
 */
export function weightOfType(field: string | null, type: string): number {
  return rate(readRanges(field || "*/*"), type).weight;
}

/** The most specific range that holds a type decides its weight (RFC 9110 §12.5.1). */
function rate(
  ranges: readonly Range[],
  type: string,
): { readonly weight: number; readonly precision: number; readonly index: number } {
  const family = `${type.slice(0, type.indexOf("/"))}/*`;
  for (const [precision, name] of [[2, type], [1, family], [0, "*/*"]] as const) {
    const index = ranges.findIndex((range) => range.type === name);
    const range = ranges[index];
    if (range) return { weight: range.weight, precision, index };
  }
  return { weight: 0, precision: 0, index: 0 };
}

function readRanges(field: string): Range[] {
  return (field.match(MEMBERS) ?? []).flatMap((member): Range[] => {
    const [type = "", ...parameters] = (member.match(PARTS) ?? []).map((part) =>
      part.trim().toLowerCase()
    );
    // A range with parameters holds only types that have them (RFC 9110 §12.5.1); ours have none but
    // the charset.
    if (parameters.some((parameter) => !/^(?:q=|charset=|$)/.test(parameter))) return [];
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    return [{ type, weight: q === undefined ? 1 : Number(WEIGHT.exec(q)?.[1] ?? 0) }];
  });
}
