/**
 * Files pushed into a connection: a stream in between would cost as much as the reading.
 *
 * @module
 */
import type { Flow, Sink } from "../http/flow.ts";
import { type Part, readSome } from "../static/sources/file_content.ts";

/** The bytes that are read at a time, which is what a slow client costs. */
const CHUNK = 512 * 1024;
/** Buffers that are free, for all files together. */
const buffers: Uint8Array<ArrayBuffer>[] = [];
/** How many are kept. */
const MOST_BUFFERS = 8;

/** Pushes part of a file. */
export function fileFlow({ file, start, end }: Part): Flow {
  let [begun, over] = [false, false];
  let goOn = (): void => {};

  const run = async (sink: Sink): Promise<void> => {
    try {
      let at = start;
      while (at < end) {
        const buffer = buffers.pop() ?? new Uint8Array(CHUNK);
        const count = await readSome(file, buffer.subarray(0, end - at), at, end);
        const chunk = buffer.subarray(0, count);
        at += count;
        if (over) return;
        const taken = sink.write(chunk, (error?: unknown) => {
          // What was not sent may still be in use.
          if (!error && buffers.length < MOST_BUFFERS) buffers.push(buffer);
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
