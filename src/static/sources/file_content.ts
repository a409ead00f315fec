/**
 * The content of an open file.
 *
 * @module
 */
import { sideTable } from "../../host/side_table.ts";
import type { OpenFile } from "../../platform/files.ts";
import { type Content, SourceError } from "../source.ts";

/** The most bytes of one read. A range of this size is read without a stream. */
export const CHUNK: number = 256 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

/** Part of an open file. */
export interface Part {
  readonly file: OpenFile;
  readonly start: number;
  readonly end: number;
}

/** The parts of streams that were not read yet. */
const parts = sideTable<ReadableStream, Part>();

/**
 * Takes the part of a file from its stream, so that a host can send it without the stream. The caller
 * closes the file, and must not use the stream any more.
 */
export function takePart(content: ReadableStream): Part | undefined {
  const part = content.locked ? undefined : parts.get(content);
  if (part) parts.set(content, undefined);
  return part;
}

/** A file that is opened at its first read, because a response may never be read. */
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

/** Reads part of a file, and closes the file. */
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
 * Reads the next bytes of a part that ends at `end`. A body of a file that became shorter, or was
 * overwritten, must not look complete.
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
