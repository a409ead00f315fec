/**
 * When a response has come to its end.
 *
 * @module
 */

import type { Flow, Sink } from "../http/flow.ts";
import type { SizedSource } from "../http/sized.ts";

/** How content ended: it was read to its end, it was cut, or nobody wanted the rest. */
export type Ending = "ended" | "failed" | "abandoned";

/**
 * The same bytes, and a word when they are over.
 *
 * @param length How many there will be, if that is known.
 * @param onEnd Called once; with the error when it was cut.
 */
export function withEnd(
  body: ReadableStream<Uint8Array>,
  length: number | undefined,
  onEnd: (ending: Ending, error?: unknown) => void,
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
        onEnd("failed", error);
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

/** The same content, and a word when it is cut. */
export class WatchedFlow implements Flow, Sink {
  readonly #flow: Flow;
  readonly #onCut: (error: unknown) => void;
  #sink: Sink | undefined;

  constructor(flow: Flow, onCut: (error: unknown) => void) {
    [this.#flow, this.#onCut] = [flow, onCut];
  }

  start(sink: Sink): void {
    this.#sink = sink;
    this.#flow.start(this);
  }
  resume(): void {
    this.#flow.resume();
  }
  cancel(reason: unknown): void {
    this.#flow.cancel(reason);
  }
  write(chunk: Uint8Array<ArrayBuffer>): boolean {
    return this.#sink?.write(chunk) ?? false;
  }
  flush(): void {
    this.#sink?.flush?.();
  }
  end(): void {
    this.#sink?.end();
  }
  fail(error: unknown): void {
    this.#onCut(error);
    this.#sink?.fail(error);
  }
}
