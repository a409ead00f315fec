/**
 * Writes a response body as fast as the client takes it: pushed content, streams, and files.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { BodySink, PushBody } from "../host/types.ts";
import type { RawHeaders } from "../http/fields.ts";
import type { Trailers } from "../http/trailer_fields.ts";
import { type Part, readSome } from "../static/sources/file_content.ts";

/** Chunks below this size are joined, in bytes: a write costs as much as copying so many. */
const SMALL = 4 * 1024;
/** The most bytes that are joined. */
const MAX_JOINED = 64 * 1024;

/**
 * Joins chunks of one turn of the event loop. `cork` of Node does not do: every chunk keeps its
 * frame, and a body that ends while it is corked is broken.
 */
export class ChunkJoiner {
  /** The bytes that wait. */
  size = 0;
  #chunks: Uint8Array[] = [];
  readonly #write: (chunk: Uint8Array) => void;
  readonly #defer: (flush: () => void) => void;

  constructor(write: (chunk: Uint8Array) => void, defer: (flush: () => void) => void) {
    [this.#write, this.#defer] = [write, defer];
  }

  add(chunk: Uint8Array): void {
    if (this.#chunks.length === 0) this.#defer(() => this.flush());
    this.#chunks.push(chunk);
    this.size += chunk.byteLength;
    if (this.size >= MAX_JOINED) this.flush();
  }
  flush(): void {
    const chunks = this.#chunks;
    if (chunks.length === 0) return;
    [this.#chunks, this.size] = [[], 0];
    this.#write(chunks.length > 1 ? Buffer.concat(chunks) : chunks[0] as Uint8Array);
  }
}

/**
 * Writes a body to its end and ends the response. Rejects when the body fails or has another length
 * than the response said.
 *
 * @param trailers The trailer fields to send after it.
 */
export function writeBody(
  body: PushBody,
  sink: ServerResponse,
  length: number | undefined,
  trailers?: Trailers,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let [count, over, full] = [0, false, false];
    const joiner = new ChunkJoiner((chunk) => {
      if (!over) full = !sink.write(chunk);
    }, (flush) => process.nextTick(flush));
    const resume = (): void => {
      full = false;
      body.resume();
    };
    const settle = (): void => {
      over = true;
      sink.off("drain", resume).off("close", leave);
    };
    const leave = (): void => {
      settle();
      body.cancel(new Error("the client closed the connection"));
      resolve();
    };
    const fail = (error: unknown): void => {
      joiner.flush();
      settle();
      reject(error);
    };
    const finish = (fields: RawHeaders = []): void => {
      if (over) return;
      joiner.flush();
      if (fields.length > 0) sink.addTrailers(combined(fields));
      sink.end();
      settle();
      resolve();
    };
    if (sink.destroyed) return leave();
    sink.on("drain", resume).once("close", leave);
    body.start({
      write(chunk, flushed) {
        if (over) return false;
        count += chunk.byteLength;
        if (length !== undefined && count > length) {
          // The client would take the rest for the beginning of the next response.
          const error = new Error(`the response body is longer than its Content-Length, ${length}`);
          body.cancel(error);
          fail(error);
          return false;
        }
        // A caller that reuses the bytes has to know when these, and no others, have been sent.
        if (chunk.byteLength < SMALL && !flushed) joiner.add(chunk);
        else {
          joiner.flush();
          full = !sink.write(chunk, flushed);
        }
        return !full;
      },
      flush() {
        // Content of the same turn goes out with the headers.
        setImmediate(() => over || count > 0 ? undefined : sink.flushHeaders());
      },
      end() {
        if (over) return;
        if (length !== undefined && count < length) {
          fail(new Error(`the response body ended at byte ${count} of ${length}`));
        } else if (trailers) trailers.fields.then(finish).catch(fail);
        else finish();
      },
      fail: (error) => over ? undefined : fail(error),
    });
  });
}

/** One line for each name (RFC 9110 §5.3): HTTP/2 of Node throws at some repeated names. */
function combined(fields: RawHeaders): Record<string, string> {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, value] = [fields[i] as string, fields[i + 1] as string];
    values.set(name, values.has(name) ? `${values.get(name)}, ${value}` : value);
  }
  return Object.fromEntries(values);
}

/** Buffers for files on HTTP/1, shared by all of them; `max` free ones are kept. */
const HTTP1 = { size: 512 * 1024, max: 8, free: [] as Uint8Array<ArrayBuffer>[] };
/** Smaller, because a client of HTTP/2 can request many files at once and read none. */
const HTTP2 = { size: 64 * 1024, max: 64, free: [] as Uint8Array<ArrayBuffer>[] };

/** Pushes part of a file; a stream would cost as much as reading the file. */
export function fileBody({ file, start, end }: Part, isHttp2: boolean): PushBody {
  const { size, max, free } = isHttp2 ? HTTP2 : HTTP1;
  let [begun, over] = [false, false];
  let goOn = (): void => {};

  const run = async (sink: BodySink): Promise<void> => {
    try {
      let at = start;
      while (at < end) {
        const buffer = free.pop() ?? new Uint8Array(size);
        const count = await readSome(file, buffer.subarray(0, end - at), at, end);
        at += count;
        if (over) return;
        const more = sink.write(buffer.subarray(0, count), (error?: unknown) => {
          // Node may still use a buffer that it failed to send.
          if (!error && free.length < max) free.push(buffer);
        });
        if (!more && !over && at < end) await new Promise<void>((resolve) => (goOn = resolve));
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
