/**
 * Files pushed into a connection: a stream in between would cost as much as the reading.
 *
 * @module
 */
import type { Flow, Sink } from "../http/flow.ts";
import { CHUNK, type Part, readSome } from "../static/sources/file_content.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Buffers that are free, for all files together. */
const buffers: Bytes[] = [];
/** How many are kept. */
const MOST_BUFFERS = 16;

/** Pushes part of a file. While one buffer is being sent, the next one is filled. */
export function fileFlow({ file, start, end }: Part): Flow {
  let [at, begun, over] = [start, false, false];
  let goOn = (): void => {};
  let reading: Promise<Bytes> | undefined;

  const readOn = async (): Promise<Bytes> => {
    const buffer = buffers.pop() ?? new Uint8Array(CHUNK);
    const count = await readSome(file, buffer.subarray(0, end - at), at);
    at += count;
    return buffer.subarray(0, count);
  };
  const run = async (sink: Sink): Promise<void> => {
    try {
      reading = readOn();
      while (reading) {
        const chunk: Bytes = await reading;
        reading = undefined;
        if (over) return;
        const taken = sink.write(chunk, (error?: unknown) => {
          // What was not sent may still be in use.
          if (!error && buffers.length < MOST_BUFFERS) buffers.push(new Uint8Array(chunk.buffer));
        });
        if (over) return;
        if (at < end) reading = readOn();
        // That it failed is told when it is its turn.
        reading?.catch(() => {});
        if (!taken && reading) await new Promise<void>((resolve) => (goOn = resolve));
      }
      sink.end();
    } finally {
      await reading?.catch(() => {});
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
