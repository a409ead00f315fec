/**
 * Bodies and responses, as our handlers pass them to hosts.
 *
 * @module
 */
import type { RawHeaders } from "../http/fields.ts";

/** A body in memory or as a stream, or `null`. */
export type ResponseBody =
  | Uint8Array<ArrayBuffer>
  | string
  | ReadableStream<Uint8Array<ArrayBuffer>>
  | null;

/** A response without its body. */
export interface ResponseHead {
  /** The status code. */
  readonly status: number;
  /** The reason phrase. */
  readonly statusText?: string;
  /** The headers, without `content-length`. */
  readonly fields: RawHeaders;
  /** The `content-length`, if it is not the size of a body in memory: of a stream, or to HEAD. */
  readonly length?: number | undefined;
}

/** The destination of a push body. */
export interface BodySink {
  /**
   * Takes the next chunk. Returns `false` to get no more until `resume`.
   *
   * @param flushed Called when the chunk may be overwritten. Not every sink calls it.
   */
  write(chunk: Uint8Array<ArrayBuffer>, flushed?: () => void): boolean;
  /** No data is expected soon: send what is buffered, even if only the headers. */
  flush?(): void;
  /** The body is complete. */
  end(): void;
  /** The body is cut. */
  fail(error: unknown): void;
}

/** A body that pushes its chunks to a sink, once. */
export interface PushBody {
  /** Pushes all chunks, as fast as the sink takes them. Called once, and not after `cancel`. */
  start(sink: BodySink): void;
  /** Continues after `write` returned `false`. */
  resume(): void;
  /** The whole body instead of `start`, if it is in memory. */
  whole?(): Uint8Array<ArrayBuffer> | undefined;
  /** The rest is not needed: releases the source. */
  cancel(reason: unknown): void;
}

/**
 * The source of a stream of known length. Workers send a `Content-Length` only if the source has
 * `expectedLength`. Without it, they use chunks, and end a body that errors as if it were complete.
 */
export interface SizedSource<R extends Uint8Array = Uint8Array> extends UnderlyingDefaultSource<R> {
  /** The number of bytes, if it is known. */
  readonly expectedLength: number | undefined;
}
