/**
 * Content negotiation (RFC 9110 §12): which media type and which content coding a client accepts.
 *
 * @module
 */

/** A member of `Accept` or `Accept-Encoding`. */
interface Preference {
  /** The media range or the coding, in lower case. */
  readonly name: string;
  /** The weight, from 0 (not acceptable) to 1 (RFC 9110 §12.4.2). */
  readonly weight: number;
  /** Whether it has parameters other than the weight and the charset. */
  readonly narrowed: boolean;
}

// Quoted strings may hold commas and semicolons.
const MEMBERS = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/gs;
const PARTS = /(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/gs;
const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

function readPreferences(field: string): Preference[] {
  return (field.match(MEMBERS) ?? []).map((member) => {
    const [name = "", ...parameters] = (member.match(PARTS) ?? []).map((part) =>
      part.trim().toLowerCase()
    );
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    return {
      name,
      weight: q === undefined ? 1 : Number(WEIGHT.exec(q)?.[1] ?? 0),
      narrowed: parameters.some((parameter) => !/^(?:q=|charset=|$)/.test(parameter)),
    };
  });
}

/**
 * Chooses a media type by the `Accept` field (RFC 9110 §12.5.1): the one with the highest weight.
 * Among equal weights, a type that the field names exactly goes before one that a wildcard matches,
 * then the order of the field decides, then that of `available`.
 *
 * @param field The `Accept` field, or `null` without one.
 * @param available Media types in lower case, without parameters, in order of preference.
 * @returns One of `available`, or `undefined` when none of them is acceptable.
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
 * The weight of a media type in an `Accept` field, from 0 (not acceptable) to 1. Without the field,
 * or with an empty one, it is 1.
 *
 * @param type A media type in lower case, without parameters.
 */
export function weightOfType(field: string | null, type: string): number {
  return rate(readRanges(field || "*/*"), type).weight;
}

/** The ranges that can match a type without parameters (RFC 9110 §12.5.1). */
function readRanges(field: string): Preference[] {
  return readPreferences(field).filter(({ narrowed }) => !narrowed);
}

/** The most specific range that matches a type decides its weight (RFC 9110 §12.5.1). */
function rate(
  ranges: readonly Preference[],
  type: string,
): { readonly weight: number; readonly precision: number; readonly index: number } {
  const family = `${type.slice(0, type.indexOf("/"))}/*`;
  for (const [precision, name] of [[2, type], [1, family], [0, "*/*"]] as const) {
    const index = ranges.findIndex((range) => range.name === name);
    const range = ranges[index];
    if (range) return { weight: range.weight, precision, index };
  }
  return { weight: 0, precision: 0, index: 0 };
}

/**
 * Chooses a content coding: one of `available`, `"identity"`, or `undefined` when the client
 * accepts none of them (406). Among equal weights, the order of `available` decides.
 *
 * @param available The codings besides identity, in order of preference.
 */
export type ChooseCoding = (available: readonly string[]) => string | undefined;

const identity: ChooseCoding = () => "identity";

/**
 * Reads `Accept-Encoding` (RFC 9110 §12.5.3) when the first choice is made, and only once.
 *
 * @param field The field, or `null` without one.
 */
export function codingChooser(field: string | null): ChooseCoding {
  // Without the field any coding may be sent, but only identity is sure to be understood.
  if (field === null) return identity;
  let weights: ReadonlyMap<string, number> | undefined;
  return (available) => {
    // Fast path: nothing to choose from, and the field does not speak of identity.
    if (available.length === 0 && !/[*]|identity/i.test(field)) return "identity";
    return choose(weights ??= readWeights(field), available);
  };
}

function choose(
  weights: ReadonlyMap<string, number>,
  available: readonly string[],
): string | undefined {
  const others = weights.get("*");
  let best: string | undefined;
  let most = 0;
  for (const coding of available) {
    const weight = weights.get(coding) ?? others ?? 0;
    if (weight > most) [best, most] = [coding, weight];
  }
  const plain = weights.get("identity");
  // Identity is acceptable unless it is excluded; a coding that is named goes before it.
  if (plain === undefined) return best ?? (others === 0 ? undefined : "identity");
  return plain > most ? "identity" : best;
}

function readWeights(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const { name, weight } of readPreferences(field)) {
    // RFC 9110 §8.4.1.3: x-gzip is gzip.
    if (name !== "") weights.set(name === "x-gzip" ? "gzip" : name, weight);
  }
  return weights;
}
