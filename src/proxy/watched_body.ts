/**
 * Content that is watched as it passes: it never looks complete when it is not.
 *
 * @module
 */
import type { SizedSource } from "../host/sized_source.ts";
import { ProxyError } from "./errors.ts";

/** What is watched for. */
export interface Watch {
  /** How many bytes there must be, if that is known. */
  readonly length: number | undefined;
  /** How long it may pause, in milliseconds; 0 for as long as it likes. */
  readonly idle: number;
  /** Breaks the exchange off. */
  readonly signal: AbortSignal;
  /** Is called when the content has ended, was cancelled, or failed, and then with the error. */
  readonly ended: (error?: unknown) => void;
}

/** The content, which fails where it is too short or too long, or pauses for too long. */
export function watched(
  body: ReadableStream<Uint8Array>,
  { length, idle, signal, ended }: Watch,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let count = 0;
  let fail = (_why: unknown): void => {};
  const abort = (): void => fail(signal.reason);
  const end = (error?: unknown): void => {
    signal.removeEventListener("abort", abort);
    ended(error);
  };
  const source: SizedSource = {
    expectedLength: length,
    start(controller) {
      fail = (why) => {
        fail = () => {};
        controller.error(why);
        void reader.cancel(why).catch(() => {});
        end(why);
      };
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
    },
    async pull(controller) {
      // Only the upstream is waited for here; a slow client does not come to this.
      const timer = idle === 0 ? undefined : setTimeout(
        () =>
          fail(
            new ProxyError(
              "connection_read_timeout",
              `no content for ${idle} ms (option timeouts.idle)`,
            ),
          ),
        idle,
      );
      try {
        const { done, value } = await reader.read();
        clearTimeout(timer);
        if (!done) {
          count += value.byteLength;
          if (length !== undefined && count > length) throw incomplete(count, length);
          controller.enqueue(value);
        } else if (length !== undefined && count < length) {
          throw incomplete(count, length);
        } else {
          controller.close();
          end();
        }
      } catch (error) {
        clearTimeout(timer);
        fail(error);
      }
    },
    async cancel(reason) {
      fail = () => {};
      end();
      await reader.cancel(reason);
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

function incomplete(count: number, length: number): ProxyError {
  return new ProxyError(
    "http_response_incomplete",
    `the content has ${count} bytes where Content-Length is ${length}`,
  );
}
