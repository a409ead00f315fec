/**
 * Content whose length is known.
 *
 * @module
 */

/**
 * The content, so that it is sent with its length. Workers send in chunks what a stream made in
 * JavaScript gives, and drop its `Content-Length`.
 *
 * @param length How many bytes there will be, if that is known. Where it matters, the content fails
 * when there are more or fewer.
 */
export function sized(
  body: ReadableStream<Uint8Array>,
  length: number | undefined,
): ReadableStream<Uint8Array> {
  const { FixedLengthStream } = globalThis as {
    FixedLengthStream?: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
  };
  if (!FixedLengthStream || !Number.isSafeInteger(length)) return body;
  return body.pipeThrough(new FixedLengthStream(length ?? 0));
}
