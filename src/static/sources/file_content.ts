/**
 * The content of an open file.
 *
 * @module
 */
import type { Flow, Sink } from "../../http/flow.ts";
import { HostRequest } from "../../http/received.ts";
import type { OpenFile } from "../../runtime/files.ts";
import type { Content } from "../source.ts";

/** The bytes that are read at a time; less than this is read at once, without a stream. */
const CHUNK = 256 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

/** How to push what is in a stream that nobody has touched. */
const flows = new WeakMap<Content, () => Flow>();

/** Part of a file as bytes or, if it is long, as a stream. Closes the file at the end. */
export function contentOf(file: OpenFile, start: number, end: number): Content | Promise<Content> {
  return end - start <= CHUNK ? readAll(file, start, end) : stream(file, start, end);
}

/** Takes the content of a file out of its stream, for a host that is better off without one. */
export function flowFrom(request: object, content: Content): Flow | undefined {
  if (!(request instanceof HostRequest)) return undefined;
  const flow = flows.get(content);
  flows.delete(content);
  return (content as ReadableStream).locked ? undefined : flow?.();
}

/** Reads part of a file, and closes it. */
export async function readAll(file: OpenFile, start: number, end: number): Promise<Bytes> {
  try {
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.length;) at += await readSome(file, bytes.subarray(at), start + at);
    return bytes;
  } finally {
    await file.close();
  }
}

function stream(file: OpenFile, start: number, end: number): Content {
  let at = start;
  const content = new ReadableStream<Bytes>({
    async pull(controller) {
      flows.delete(content);
      try {
        const chunk = new Uint8Array(Math.min(CHUNK, end - at));
        const count = await readSome(file, chunk, at);
        at += count;
        controller.enqueue(chunk.subarray(0, count));
        if (at < end) return;
        await file.close();
        controller.close();
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    cancel() {
      flows.delete(content);
      return file.close();
    },
  }, { highWaterMark: 0 });
  flows.set(content, () => flowOf(file, start, end));
  return content;
}

/** Buffers that are free, for all files together. */
const buffers: Bytes[] = [];
/** How many are kept. */
const MOST_BUFFERS = 16;

/** Pushes part of a file. While one buffer is being sent, the next one is filled. */
function flowOf(file: OpenFile, start: number, end: number): Flow {
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
      run(sink).catch((error: unknown) => sink.fail(error));
    },
    resume: () => goOn(),
    cancel() {
      over = true;
      if (begun) goOn();
      else void file.close().catch(() => {});
    },
  };
}

/** A file that got shorter must not become a body that looks complete. */
async function readSome(file: OpenFile, buffer: Uint8Array, position: number): Promise<number> {
  const count = await file.read(buffer, position);
  if (count === 0) throw new Error(`the file ended at byte ${position}`);
  return count;
}
