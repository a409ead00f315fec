/**
 * Content that is watched as it passes: it never looks complete when it is not.
 *
 * @module
 */
import { watchBody } from "../host/watch_body.ts";
import { ProxyError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

/** What is watched for. */
export interface Watch {
  /** How many bytes there must be, if that is known. */
  readonly length: number | undefined;
  /** How long it may pause, in milliseconds; 0 for as long as it likes. */
  readonly idle: number;
  /** The exchange that it is the end of. */
  readonly exchange: Exchange;
  /** Is called with the error when the content has failed. */
  readonly cut: (error: unknown) => void;
}

/** The content, which fails where it is too short or too long, or pauses for too long. */
export function watched(
  body: ReadableStream<Uint8Array>,
  { length, idle, exchange, cut }: Watch,
): ReadableStream<Uint8Array> {
  let count = 0;
  return watchBody(body, {
    length,
    signal: exchange.signal,
    async read(reader) {
      const late = (): void => {
        const why = `no content for ${idle} ms (option timeouts.idle)`;
        exchange.abort(new ProxyError("connection_read_timeout", why));
      };
      // Only the upstream is waited for here; a slow client does not come to this.
      const timer = idle === 0 ? undefined : setTimeout(late, idle);
      try {
        const result = await reader.read();
        count += result.value?.byteLength ?? 0;
        if (length !== undefined && (count > length || (result.done && count < length))) {
          throw incomplete(count, length);
        }
        return result;
      } finally {
        clearTimeout(timer);
      }
    },
    onEnd(end, error) {
      if (end !== "failed") return exchange.end();
      cut(error);
      exchange.abort(error);
    },
  });
}

function incomplete(count: number, length: number): ProxyError {
  return new ProxyError(
    "http_response_incomplete",
    `the content has ${count} bytes where Content-Length is ${length}`,
  );
}
