/**
 * What sources make entries of.
 *
 * @module
 */
import type { ByteRange } from "../../http/ranges.ts";
import type { SizedSource } from "../../host/types.ts";
import type { Content, Entry } from "../source.ts";

/** What is known of a file besides its bytes. */
export type Metadata = Partial<
  Pick<Entry, "etag" | "inMemory" | "lastModified" | "realPath" | "sha256" | "type">
>;

/** An entry whose bytes are at hand. */
export function bytesEntry(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  metadata: Metadata,
): Entry {
  return {
    ...metadata,
    name,
    size: bytes.length,
    open: (range) => range ? bytes.subarray(range.start, range.end) : bytes,
  };
}

/** The same with a strong entity tag: equal bytes have an equal one, on every machine. */
export async function hashedEntry(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  metadata: Metadata,
): Promise<Entry> {
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const text = btoa(String.fromCharCode(...sha256.subarray(0, 18))).replaceAll("/", "_");
  return bytesEntry(name, bytes, { ...metadata, sha256, etag: `"${text}"` });
}

/** Exactly `range` of a stream that begins at byte 0; errors when it ends before. */
export function sliced(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  { start, end }: ByteRange,
): Content {
  const reader = stream.getReader();
  let at = 0;
  const source: SizedSource<Uint8Array<ArrayBuffer>> = {
    expectedLength: end - start,
    async pull(controller) {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the content ended at ${at} of ${end} bytes`);
        const part = value.subarray(Math.max(start - at, 0), Math.max(end - at, 0));
        at += value.length;
        if (part.length > 0) controller.enqueue(part);
        if (at >= end) {
          controller.close();
          return await reader.cancel();
        }
        if (part.length > 0) return undefined;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** The path of segments in a URL or in the keys of a store. */
export function keyOf(prefix: string, segments: readonly string[]): string {
  return prefix + segments.join("/");
}
