/**
 * A response whose content is watched: its head is sent, so an error in it can only be told.
 *
 * @module
 */
import { tunnelOf } from "../transport/tunnel.ts";

/**
 * Tells of an error while the content streams. The stream fails all the same, so that a cut content
 * never looks whole.
 *
 * @param read Does the reading, so that what is thrown in it can be captured.
 * @param tell Is given the error.
 */
export function watch(
  response: Response,
  read: <T>(work: () => Promise<T>) => Promise<T>,
  tell: (error: unknown) => Promise<void>,
): Response {
  // A copy of what stands for a tunnel would be none.
  if (tunnelOf(response)) return response;
  const { body } = response;
  if (!body || body.locked) return response;
  const reader = body.getReader();
  const watched = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await read(() => reader.read());
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        try {
          await tell(error);
        } finally {
          controller.error(error);
        }
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  return new Response(watched, response);
}
