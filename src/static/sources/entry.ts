/**
 * Entries of bytes and streams.
 *
 * @module
 */
import type { ByteRange } from "../../http/ranges.ts";
import type { SizedSource } from "../../host/types.ts";
import type { Content, Entry } from "../source.ts";

/** Metadata of a file. */
export type Metadata = Partial<
  Pick<Entry, "etag" | "inMemory" | "lastModified" | "realPath" | "sha256" | "type">
>;

/** An entry of bytes. */
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

/** An entry of bytes with a strong entity tag, which is the same on every machine. */
export async function hashedEntry(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  metadata: Metadata,
): Promise<Entry> {
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const text = btoa(String.fromCharCode(...sha256.subarray(0, 18))).replaceAll("/", "_");
  return bytesEntry(name, bytes, { ...metadata, sha256, etag: `"${text}"` });
}

/** A range of a stream that begins at byte 0. Fails when the stream ends before the range does. */
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

/** The key of a path in a store. */
export function keyOf(prefix: string, segments: readonly string[]): string {
  return prefix + segments.join("/");
}
