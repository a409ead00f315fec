/**
 * Content codings that a client accepts (RFC 9110 §12.5.3).
 *
 * @module
 */

/** A weight as RFC 9110 §12.4.2 writes it. */
export const WEIGHT: RegExp = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/**
 * Chooses the coding to send: one of `available`, `"identity"`, or `undefined` when the client
 * refuses all of them (406). Among codings that the client likes as much, the first of `available`
 * wins.
 *
 * @param available Codings that there are besides identity, in order of preference.
 */
export type ChooseCoding = (available: readonly string[]) => string | undefined;

/** What every client accepts that does not say otherwise. */
const identity: ChooseCoding = () => "identity";

/**
 * Reads `Accept-Encoding`, once however often there is a choice.
 *
 * @param field The field, or `null` without one.
 */
export function codingChooser(field: string | null): ChooseCoding {
  // Without the field anything may be sent; what every client understands is.
  if (field === null) return identity;
  let weights: ReadonlyMap<string, number> | undefined;
  return (available) => {
    // The usual case, without a look at each member.
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
  // Not named, identity is accepted, but liked less than what is named.
  if (plain === undefined) return best ?? (others === 0 ? undefined : "identity");
  return plain > most ? "identity" : best;
}

function readWeights(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of field.split(",")) {
    const [name = "", ...parameters] = member.split(";").map((part) => part.trim());
    const coding = name.toLowerCase();
    const q = parameters.find((parameter) => /^q=/i.test(parameter));
    const weight = q === undefined ? 1 : Number(WEIGHT.exec(q)?.[1] ?? 0);
    // RFC 9110 §8.4.1.3: recipients take x-gzip for gzip.
    if (coding !== "") weights.set(coding === "x-gzip" ? "gzip" : coding, weight);
  }
  return weights;
}
