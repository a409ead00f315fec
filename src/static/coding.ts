/**
 * Content codings: variants that are stored beside a file, and compression while a file is sent.
 *
 * @module
 */
import { type ChooseCoding, codingChooser } from "../http/negotiation.ts";
import type { Lookups } from "./access.ts";
import { type Content, type Entry, isEntry } from "./source.ts";
import type { Steps } from "./coroutine.ts";
import type {
  Candidate,
  Coding,
  FoundPath,
  Representation,
  StaticSettings,
  Stored,
} from "./types.ts";

/** The extension of a file in each coding. */
export const EXTENSIONS: Readonly<Record<Coding, string>> = {
  br: ".br",
  zstd: ".zst",
  gzip: ".gz",
};

/** Selects the file itself or a stored variant of it, by `Accept-Encoding`. */
export function* selectCoding(
  request: Request,
  candidate: Candidate,
  file: FoundPath,
  lookups: Lookups,
  settings: StaticSettings,
): Steps<Representation> {
  const choose = codingChooser(request.headers.get("accept-encoding"));
  let left = storedFor(request, file, settings);
  for (;;) {
    const coding = choose(left.map(({ coding }) => coding));
    const stored = left.find((one) => one.coding === coding);
    if (!stored) return represent(candidate, file, file.entry, coding, choose);
    const variant = yield* lookups.find(candidate.source, variantOf(file, stored), "variant");
    if (isEntry(variant)) return represent(candidate, file, variant, coding, choose);
    left = left.filter((one) => one !== stored);
  }
}

function represent(
  candidate: Candidate,
  { entry: { name }, segments }: FoundPath,
  entry: Entry,
  coding: string | undefined,
  choose: ChooseCoding,
): Representation {
  return { candidate, path: segments.join("/") || name, name, entry, coding, choose };
}

/** The codings in which a file may be stored, in order of preference. */
function storedFor(
  { headers }: Request,
  { segments }: FoundPath,
  { dictionaries, precompressed }: StaticSettings,
): readonly Stored[] {
  if (segments.length === 0) return [];
  return dictionaries ? [...dictionaries.stored(headers), ...precompressed] : precompressed;
}

function variantOf({ segments }: FoundPath, { extension }: Stored): readonly string[] {
  return [...segments.slice(0, -1), `${segments.at(-1)}${extension}`];
}

/** Smaller files gain nothing. Larger ones cost the server more time than they save the client. */
const SMALLEST = 1024;
const LARGEST = 10 * 1024 * 1024;
/** Media types of text, and of formats that compress like text. */
const COMPRESSIBLE =
  /^(?:text\/|application\/(?:json|javascript|xml|wasm|manifest\+json|rtf|toml|sql|x-sh|postscript|vnd\.apple\.mpegurl|vnd\.ms-fontobject)|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/[ot]tf|[^;]*\+(?:json|xml))/;

/** Whether a file may be compressed, for some client. `no-transform` forbids it (RFC 9110 §7.7). */
export function isCompressible({ size }: Entry, type: string, cacheControl: string): boolean {
  return size >= SMALLEST && size <= LARGEST && COMPRESSIBLE.test(type) &&
    !/no-transform/i.test(cacheControl);
}

/** Compresses a body with gzip. An error of the body is an error of the stream. */
export function gzip(content: Content): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stream = content instanceof Uint8Array ? new Blob([content]).stream() : content;
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      // A pipe reads at once, and would open a file for a response that is never read.
      reader ??= stream.pipeThrough(new CompressionStream("gzip")).getReader();
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader ? reader.cancel(reason) : stream.cancel(reason),
  }, { highWaterMark: 0 });
}
