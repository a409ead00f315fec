/**
 * Byte ranges (RFC 9110 §14).
 *
 * @module
 */

/** Bytes from `start` up to, but not including, `end`. */
export interface ByteRange {
  /** The first byte. */
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
}

/** What a `Range` field comes to: `"ignore"` means the whole representation, as if it were not there. */
export type Ranges = readonly ByteRange[] | "ignore" | "unsatisfiable";

/** RFC 9110 §17.15: many ranges cost a server more than a client; no honest one asks for more. */
const MOST_RANGES = 16;
const LONGEST_FIELD = 1024;
/** Two ranges with less between them than the head of a part are sent as one (§15.3.7.2). */
const GAP = 80;
const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/**
 * Reads a `Range` field for a representation of `size` bytes. Ranges that overlap or nearly touch
 * become one; those that are left keep the order in which they were asked for.
 */
export function readRanges(field: string, size: number): Ranges {
  if (field.length > LONGEST_FIELD || size === 0) return "ignore";
  const equals = field.indexOf("=");
  if (field.slice(0, Math.max(equals, 0)).trim().toLowerCase() !== "bytes") return "ignore";
  const specs = field.slice(equals + 1).split(",").map((spec) => spec.trim()).filter(Boolean);
  if (specs.length === 0 || specs.length > MOST_RANGES) return "ignore";

  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const match = SPEC.exec(spec);
    if (!match) return "ignore";
    const range = readSpec(match, size);
    if (range === "invalid") return "ignore";
    if (range) ranges.push(range);
  }
  if (ranges.length === 0) return "unsatisfiable";
  const joined = coalesce(ranges);
  const asked = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  // Whoever asks for more than there is wants it all, or wants to hurt.
  return ranges.length > 1 && asked > size ? "ignore" : joined;
}

/** `undefined` for a range that the representation does not have. */
function readSpec(
  [, first, last, suffix]: RegExpExecArray,
  size: number,
): ByteRange | undefined | "invalid" {
  if (first === undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? undefined : { start: size - length, end: size };
  }
  if (last && BigInt(last) < BigInt(first)) return "invalid";
  const start = Number(first);
  return start >= size ? undefined : { start, end: last ? Math.min(Number(last) + 1, size) : size };
}

function coalesce(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const joined: ByteRange[] = [];
  for (const range of ranges) {
    let { start, end } = range;
    let place = joined.length;
    // At most 16 ranges, so looking at each pair is nothing.
    for (let i = joined.length - 1; i >= 0; i--) {
      const other = joined[i] as ByteRange;
      if (start > other.end + GAP || other.start > end + GAP) continue;
      [start, end] = [Math.min(start, other.start), Math.max(end, other.end)];
      joined.splice(i, 1);
      place = i;
    }
    joined.splice(place, 0, { start, end });
  }
  // A range that has grown may have met one that it did not meet before.
  return joined.length < ranges.length ? coalesce(joined) : joined;
}
