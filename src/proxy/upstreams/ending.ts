/**
 * When a response has come to its end.
 *
 * @module
 */

/** How content ended: it was read to its end, it was cut, or nobody wanted the rest. */
export type Ending = "ended" | "failed" | "abandoned";

/**
 * The same bytes, and a word when they are over.
 *
 * @param onEnd Called once.
 */
export function withEnd(
  body: ReadableStream<Uint8Array>,
  onEnd: (ending: Ending) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        onEnd("ended");
        return controller.close();
      } catch (error) {
        onEnd("failed");
        return controller.error(error);
      }
    },
    cancel(reason) {
      onEnd("abandoned");
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
