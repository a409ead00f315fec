/**
 * Content codings that a client accepts (RFC 9110 §12.5.3).
 *
 * @module
 */

/** A weight as RFC 9110 §12.4.2 writes it. */
export const WEIGHT: RegExp = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/**
 * The coding to send: one of `available`, `"identity"`, or `undefined` when the client refuses all
 * of them (406). Among codings that the client likes as much, the first of `available` wins.
 *
 * @param field The `Accept-Encoding` field, or `null` without one.
 * @param available Codings that there are besides identity, in order of preference.
 */
export function negotiateCoding(
  field: string | null,
  available: readonly string[],
): string | undefined {
  // Without the field anything may be sent; what every client understands is.
  if (field === null) return "identity";
  const weights = readWeights(field);
  const others = weights.get("*");
  let best: string | undefined;
  let most = 0;
  for (const coding of available) {
    const weight = weights.get(coding) ?? others ?? 0;
    if (weight > most) [best, most] = [coding, weight];
  }
  const identity = weights.get("identity");
  // Not named, identity is accepted, but liked less than what is named.
  if (identity === undefined) return best ?? (others === 0 ? undefined : "identity");
  return identity > most ? "identity" : best;
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
