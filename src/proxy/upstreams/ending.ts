/**
 * When a response has come to its end.
 *
 * @module
 */

import type { SizedSource } from "../../host/sized_source.ts";

/** How content ended: it was read to its end, it was cut, or nobody wanted the rest. */
export type BodyEnd = "ended" | "failed" | "abandoned";

/**
 * The same bytes, and a word when they are over.
 *
 * @param length How many there will be, if that is known.
 * @param onEnd Called once.
 */
export function withEnd(
  body: ReadableStream<Uint8Array>,
  length: number | undefined,
  onEnd: (ending: BodyEnd) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const source: SizedSource = {
    expectedLength: length,
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
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
