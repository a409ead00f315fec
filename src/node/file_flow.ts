/**
 * Files pushed into a connection: a stream in between would cost as much as the reading.
 *
 * @module
 */
import type { BodySink, PushBody } from "../host/types.ts";
import { type Part, readSome } from "../static/sources/file_content.ts";

/** Buffers of one size, for all files together. */
interface Buffers {
  /** The bytes that are read at a time, which is what a slow client costs. */
  readonly size: number;
  readonly free: Uint8Array<ArrayBuffer>[];
  /** How many free ones are kept. */
  readonly most: number;
}
const LARGE: Buffers = { size: 512 * 1024, free: [], most: 8 };
/** For clients that can ask for many files at once, and read none. */
const SMALL: Buffers = { size: 64 * 1024, free: [], most: 64 };

/**
 * Pushes part of a file.
 *
 * @param many Whether the client can ask for many files at once.
 */
export function fileFlow({ file, start, end }: Part, many = false): PushBody {
  const { size, free, most } = many ? SMALL : LARGE;
  let [begun, over] = [false, false];
  let goOn = (): void => {};

  const run = async (sink: BodySink): Promise<void> => {
    try {
      let at = start;
      while (at < end) {
        const buffer = free.pop() ?? new Uint8Array(size);
        const count = await readSome(file, buffer.subarray(0, end - at), at, end);
        const chunk = buffer.subarray(0, count);
        at += count;
        if (over) return;
        const taken = sink.write(chunk, (error?: unknown) => {
          // What was not sent may still be in use.
          if (!error && free.length < most) free.push(buffer);
        });
        if (!taken && !over && at < end) await new Promise<void>((resolve) => (goOn = resolve));
        if (over) return;
      }
      sink.end();
    } finally {
      await file.close();
    }
  };
  return {
    start(sink) {
      begun = true;
      run(sink).catch((error: unknown) => over ? undefined : sink.fail(error));
    },
    resume: () => goOn(),
    cancel() {
      over = true;
      if (begun) goOn();
      else void file.close().catch(() => {});
    },
  };
}
