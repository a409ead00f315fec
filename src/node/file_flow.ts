/**
 * Files pushed into a connection: a stream in between would cost as much as the reading.
 *
 * @module
 */
import type { Flow, Sink } from "../http/flow.ts";
import { type Part, readSome } from "../static/sources/file_content.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The bytes that are read at a time, which is what a slow client costs. */
const CHUNK = 512 * 1024;
/** Buffers that are free, for all files together. */
const buffers: Bytes[] = [];
/** How many are kept. */
const MOST_BUFFERS = 8;

/** Pushes part of a file. */
export function fileFlow({ file, start, end }: Part): Flow {
  let [at, begun, over] = [start, false, false];
  let goOn = (): void => {};

  const readOn = async (): Promise<Bytes> => {
    const buffer = buffers.pop() ?? new Uint8Array(CHUNK);
    const count = await readSome(file, buffer.subarray(0, end - at), at);
    at += count;
    return buffer.subarray(0, count);
  };
  const run = async (sink: Sink): Promise<void> => {
    try {
      while (at < end) {
        const chunk = await readOn();
        if (over) return;
        const taken = sink.write(chunk, (error?: unknown) => {
          // What was not sent may still be in use.
          if (!error && buffers.length < MOST_BUFFERS) buffers.push(new Uint8Array(chunk.buffer));
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
