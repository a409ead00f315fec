/**
 * The content of an open file.
 *
 * @module
 */
import { sideTable } from "../../host/side_table.ts";
import type { OpenFile } from "../../platform/files.ts";
import { type Content, SourceError } from "../source.ts";

/** The bytes that are read at a time; no more than this is read at once, without a stream. */
export const CHUNK: number = 256 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

/** Part of an open file. */
export interface Part {
  readonly file: OpenFile;
  readonly start: number;
  readonly end: number;
}

/** What is in streams that nobody has touched. */
const parts = sideTable<ReadableStream, Part>();

/**
 * Takes the part of a file out of the stream that was made of it. Whoever takes it closes the file;
 * the stream is not to be used any more.
 */
export function takePart(content: ReadableStream): Part | undefined {
  const part = content.locked ? undefined : parts.get(content);
  if (part) parts.set(content, undefined);
  return part;
}

/** A file that is opened when it is first read: of a response that nobody reads, no file is open. */
function openedLater(open: () => Promise<OpenFile>): OpenFile {
  let opening: Promise<OpenFile> | undefined;
  const file = (): Promise<OpenFile> => opening ??= open();
  return {
    read: async (buffer, position) => (await file()).read(buffer, position),
    isIntact: async () => (await file()).isIntact(),
    async close() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

/** Reads part of a file, and closes it. */
export async function readAll(file: OpenFile, start: number, end: number): Promise<Bytes> {
  try {
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end;) {
      at += await readSome(file, bytes.subarray(at - start), at, end);
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Part of a file as a stream. */
export function fileStream(open: () => Promise<OpenFile>, start: number, end: number): Content {
  const file = openedLater(open);
  let at = start;
  const content = new ReadableStream<Bytes>({
    async pull(controller) {
      parts.set(content, undefined);
      try {
        const chunk = new Uint8Array(Math.min(CHUNK, end - at));
        const count = await readSome(file, chunk, at, end);
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

/**
 * Reads what comes next of a part that ends at `end`. A file that got shorter, or was overwritten,
 * must not become content that looks complete.
 */
export async function readSome(
  file: OpenFile,
  buffer: Uint8Array,
  position: number,
  end: number,
): Promise<number> {
  const count = await file.read(buffer, position);
  const isWhole = count > 0 && (position + count < end || await file.isIntact());
  if (!isWhole) throw new SourceError(503, `the file changed before byte ${end} was read`);
  return count;
}
