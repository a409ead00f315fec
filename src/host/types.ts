/**
 * Bodies and responses, as hosts and our handlers hand them to each other.
 *
 * @module
 */
import type { RawHeaders } from "../http/fields.ts";

/** Content that is there, that comes as a stream, or `null`. */
export type ResponseBody =
  | Uint8Array<ArrayBuffer>
  | string
  | ReadableStream<Uint8Array<ArrayBuffer>>
  | null;

/** What a response has besides its content. */
export interface ResponseHead {
  /** The status code. */
  readonly status: number;
  /** The reason phrase; it has none by default. */
  readonly statusText?: string;
  /** The fields, without `content-length`. */
  readonly fields: RawHeaders;
  /** The `content-length`, where it is not that of content that is there: of a stream, or to HEAD. */
  readonly length?: number | undefined;
}

/** Where content is pushed to. */
export interface BodySink {
  /**
   * Takes the next bytes. Returns `false` to ask for no more until `resume`.
   *
   * @param flushed Is called when the bytes may be overwritten, by sinks that can tell.
   */
  write(chunk: Uint8Array<ArrayBuffer>, flushed?: () => void): boolean;
  /** Nothing comes for a while: what there is, and be it the fields alone, is to go out. */
  flush?(): void;
  /** The content is complete. */
  end(): void;
  /** The content is cut. */
  fail(error: unknown): void;
}

/** Content that can be pushed, once. */
export interface PushBody {
  /** Pushes all of it, as fast as the sink takes it. Called once, and not after `cancel`. */
  start(sink: BodySink): void;
  /** Goes on after `write` returned `false`. */
  resume(): void;
  /** All of the content in place of `start`, where it is there already and nothing follows it. */
  whole?(): Uint8Array<ArrayBuffer> | undefined;
  /** Nobody wants the rest, or any of it: lets go of where it comes from. */
  cancel(reason: unknown): void;
}

/**
 * What makes a stream. Workers send a `Content-Length` only with one that says it, whatever the
 * fields say, and in chunks they end as if it were whole what errors; the others do not look at it.
 */
export interface SizedSource<R extends Uint8Array = Uint8Array> extends UnderlyingDefaultSource<R> {
  /** How many bytes there will be, if that is known. */
  readonly expectedLength: number | undefined;
}
