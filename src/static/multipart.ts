/**
 * Several ranges in one response (RFC 9110 §14.6).
 *
 * @module
 */
import type { ByteRange } from "../http/ranges.ts";
import type { SizedSource } from "../host/types.ts";
import type { Content } from "./source.ts";

/** A `multipart/byteranges` body with its media type and length. */
export interface Multipart {
  readonly type: string;
  readonly length: number;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * Makes the body. A range is opened when the one before has been read.
 *
 * @param type The media type of the representation.
 * @param size The complete length of the representation in bytes.
 * @param open Opens one range.
 */
export function multipart(
  ranges: readonly ByteRange[],
  type: string,
  size: number,
  open: (range: ByteRange) => Content | Promise<Content>,
): Multipart {
  const boundary = crypto.randomUUID();
  const encoder = new TextEncoder();
  const heads = ranges.map(({ start, end }, index) =>
    encoder.encode(
      `${index ? "\r\n" : ""}--${boundary}\r\nContent-Type: ${type}\r\n` +
        `Content-Range: bytes ${start}-${end - 1}/${size}\r\n\r\n`,
    )
  );
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);

  async function* parts(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (const [index, range] of ranges.entries()) {
      yield heads[index] as Uint8Array<ArrayBuffer>;
      const content = await open(range);
      if (content instanceof Uint8Array) yield content;
      else yield* content;
    }
    yield tail;
  }
  const generator = parts();
  const content = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const length = content + heads.reduce((sum, head) => sum + head.length, tail.length);
  const source: SizedSource<Uint8Array<ArrayBuffer>> = {
    expectedLength: length,
    async pull(controller) {
      const { done, value } = await generator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    // Ends the loop over the open range, which cancels its stream.
    cancel: async () => void await generator.return(undefined),
  };
  return {
    type: `multipart/byteranges; boundary=${boundary}`,
    length,
    body: new ReadableStream(source, { highWaterMark: 0 }),
  };
}
