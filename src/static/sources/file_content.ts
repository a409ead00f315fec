/**
 * The content of an open file.
 *
 * @module
 */
import { attached } from "../../attached.ts";
import type { OpenFile } from "../../runtime/files.ts";
import type { Content } from "../source.ts";

/** The bytes that are read at a time; less than this is read at once, without a stream. */
export const CHUNK: number = 256 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

/** Part of an open file. */
export interface Part {
  readonly file: OpenFile;
  readonly start: number;
  readonly end: number;
}

/** What is in streams that nobody has touched. */
const parts = attached<ReadableStream, Part>();

/**
 * Takes the part of a file out of the stream that was made of it. Whoever takes it closes the file;
 * the stream is not to be used any more.
 */
export function takePart(content: ReadableStream): Part | undefined {
  const part = content.locked ? undefined : parts.get(content);
  if (part) parts.set(content, undefined);
  return part;
}

/** Part of a file as bytes or, if it is long, as a stream. Closes the file at the end. */
export function contentOf(file: OpenFile, start: number, end: number): Content | Promise<Content> {
  return end - start <= CHUNK ? readAll(file, start, end) : stream(file, start, end);
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
      parts.set(content, undefined);
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
      parts.set(content, undefined);
      return file.close();
    },
  }, { highWaterMark: 0 });
  parts.set(content, { file, start, end });
  return content;
}

/** A file that got shorter must not become content that looks complete. */
export async function readSome(
  file: OpenFile,
  buffer: Uint8Array,
  position: number,
): Promise<number> {
  const count = await file.read(buffer, position);
  if (count === 0) throw new Error(`the file ended at byte ${position}`);
  return count;
}
