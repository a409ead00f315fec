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

/** The result of reading `Range`: `"ignore"` means that the whole representation is to be sent. */
export type Ranges = readonly ByteRange[] | "ignore" | "unsatisfiable";

/** RFC 9110 §17.15: many small ranges are an attack. Honest clients ask for fewer. */
const MOST_RANGES = 16;
const LONGEST_FIELD = 1024;
/**
 * Ranges with a smaller gap, about the size of the headers of a part, are sent as one (§15.3.7.2).
 */
const GAP = 80;
const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/**
 * Reads a `Range` header for a representation of `size` bytes. Ranges that overlap or almost touch
 * are combined. The others keep the order of the request.
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
  // More bytes than the representation has: an attack, or a client that is better served by a 200.
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
    // At most 16 ranges, so comparing each pair is cheap.
    for (let i = joined.length - 1; i >= 0; i--) {
      const other = joined[i] as ByteRange;
      if (start > other.end + GAP || other.start > end + GAP) continue;
      [start, end] = [Math.min(start, other.start), Math.max(end, other.end)];
      joined.splice(i, 1);
      place = i;
    }
    joined.splice(place, 0, { start, end });
  }
  // A combined range may touch another one now.
  return joined.length < ranges.length ? coalesce(joined) : joined;
}
