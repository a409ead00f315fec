/**
 * Compression of what is not stored compressed.
 *
 * @module
 */
import type { ChooseCoding } from "../http/negotiation.ts";
import type { Content } from "./source.ts";

/** Below this, gzip saves nothing that matters; above, it costs a server more than a client waits. */
const SMALLEST = 1024;
const LARGEST = 10 * 1024 * 1024;
/** Types whose files are text, or as loose as text. */
const COMPRESSIBLE =
  /^(?:text\/|application\/(?:json|javascript|xml|wasm|manifest\+json|rtf|toml|sql|x-sh|postscript|vnd\.apple\.mpegurl|vnd\.ms-fontobject)|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/[ot]tf|[^;]*\+(?:json|xml))/;

/** Whether a file may be compressed, for some client. `no-transform` forbids it (RFC 9110 §7.7). */
export function isCompressible(type: string, size: number, cacheControl: string): boolean {
  return size >= SMALLEST && size <= LARGEST && COMPRESSIBLE.test(type) &&
    !/no-transform/i.test(cacheControl);
}

/** Whether a client takes gzip for the whole file. A range is one of the file as it is stored. */
export function takesGzip({ headers }: Request, choose: ChooseCoding): boolean {
  return !headers.has("range") && choose(["gzip"]) === "gzip";
}

/** Content in gzip; an error in it is one in what comes out. */
export function compressed(content: Content): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stream = content instanceof Uint8Array ? new Blob([content]).stream() : content;
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      // A pipe reads at once, and would open a file for a response that nobody reads.
      reader ??= stream.pipeThrough(new CompressionStream("gzip")).getReader();
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader ? reader.cancel(reason) : stream.cancel(reason),
  }, { highWaterMark: 0 });
}
