/**
 * Watching a body while it is read.
 *
 * @module
 */
import type { SizedSource } from "./types.ts";

type Body = ReadableStream<Uint8Array>;
type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** How a body ended: completely, with an error, or abandoned by its reader. */
export type BodyEnd = "ended" | "failed" | "abandoned";

/** How to watch a body. */
export interface BodyWatch {
  /** The number of bytes, where it is known. */
  readonly length?: number | undefined;
  /** Fails the body when it aborts. */
  readonly signal?: AbortSignal;
  /** Reads the next chunk. An error that it throws fails the body. */
  readonly read?: (reader: Reader) => ReturnType<Reader["read"]>;
  /** Called once. A body that failed errors after the returned promise has settled. */
  readonly onEnd: (end: BodyEnd, error?: unknown) => unknown;
}

/** Returns a stream of the same body, and reports how it ends. */
export function watchBody(body: Body, watch: BodyWatch): Body {
  const { length, signal, read = (reader) => reader.read(), onEnd } = watch;
  const reader = body.getReader();
  let over = false;
  let abort = (): void => {};
  const end = async (how: BodyEnd, error?: unknown): Promise<void> => {
    over = true;
    signal?.removeEventListener("abort", abort);
    await onEnd(how, error);
  };
  const fail = async (controller: ReadableStreamDefaultController, error: unknown) => {
    if (over) return;
    void reader.cancel(error).catch(() => {});
    await end("failed", error).catch(() => {});
    controller.error(error);
  };
  const source: SizedSource = {
    expectedLength: length,
    start(controller) {
      abort = () => void fail(controller, signal?.reason);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    },
    async pull(controller) {
      try {
        const { done, value } = await read(reader);
        if (over) return;
        if (!done) return controller.enqueue(value);
        await end("ended");
        controller.close();
      } catch (error) {
        await fail(controller, error);
      }
    },
    async cancel(reason) {
      await end("abandoned");
      await reader.cancel(reason);
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** Cancels a body that nobody reads. */
export function discard(body: ReadableStream | null | undefined): void {
  void body?.cancel().catch(() => {});
}
