/**
 * How much content a request may have.
 *
 * @module
 */
import type { PushBody } from "../host/types.ts";

/** The limit of a request. */
export interface ContentLimit {
  /** How many bytes there may be. */
  readonly most: number;
  /** Is told of more, before whoever reads the content is. */
  readonly exceeded: (error: Error) => void;
}

/** Content that fails where it becomes too long. */
export function limited(flow: PushBody, { most, exceeded }: ContentLimit): PushBody {
  let [count, over] = [0, false];
  return {
    start(sink) {
      flow.start({
        write(chunk) {
          if (over) return false;
          count += chunk.byteLength;
          if (count <= most) return sink.write(chunk);
          over = true;
          const error = new Error(
            `the content of the request is longer than ${most} bytes (option maxRequestBodySize)`,
          );
          flow.cancel(error);
          exceeded(error);
          sink.fail(error);
          return false;
        },
        end: () => over ? undefined : sink.end(),
        fail: (error) => over ? undefined : sink.fail(error),
      });
    },
    resume: () => flow.resume(),
    cancel: (reason) => flow.cancel(reason),
  };
}
