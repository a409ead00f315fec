/**
 * The seam between HTTP and storage: what a directory, a single file, memory or an object store
 * implements to be served.
 *
 * @module
 */
import type { ByteRange } from "../http/ranges.ts";

/** A storage in which files are looked up. */
export interface Source {
  /**
   * Looks up a path below the source.
   *
   * @param segments The decoded names from the source down. None is empty, `.` or `..`, or has a
   * separator, a colon or a control character. An empty list is the source itself, for example when
   * a single file is exported.
   * @returns The file, `"directory"` or a {@linkcode LinkedDirectory} when the path may have more
   * below it, or `undefined` when there is nothing. Not a promise, if the result is there: it is
   * then sent without waiting. Rejects only when the storage fails.
   */
  find(segments: readonly string[]): Found | Promise<Found>;
  /** Lists a directory. `serveStatic` leaves out names that it does not serve. */
  list?(segments: readonly string[]): readonly Listed[] | Promise<readonly Listed[]>;
}

/** The most names that a listing shows. A source gives one more to say that there are more. */
export const MOST_LISTED = 10_000;

/** One name in a directory. */
export interface Listed {
  /** The name. */
  readonly name: string;
  /** Whether it is a directory. */
  readonly directory: boolean;
  /** The length of a file in bytes, if known. */
  readonly size?: number | undefined;
  /** The time of the last modification, in milliseconds since the epoch, if known. */
  readonly lastModified?: number | undefined;
  /** The same as `realPath` of an {@linkcode Entry}. */
  readonly realPath?: readonly string[] | undefined;
}

/** The result of a lookup. */
export type Found = Entry | LinkedDirectory | "directory" | undefined;

/** A directory behind a symbolic link. */
export interface LinkedDirectory {
  /** Distinguishes it from a file. */
  readonly directory: true;
  /** The same as `realPath` of an {@linkcode Entry}. */
  readonly realPath: readonly string[];
}

/** A file that was found, and is not open yet. */
export interface Entry {
  /** The name of the file. Its extension gives the media type. */
  readonly name: string;
  /** The length in bytes. */
  readonly size: number;
  /** The time of the last modification, in milliseconds since the epoch, if known. */
  readonly lastModified?: number | undefined;
  /** The entity tag with its quotes (RFC 9110 §8.8.3), if there is one. */
  readonly etag?: string | undefined;
  /** The media type, if the storage knows it better than the name. */
  readonly type?: string | undefined;
  /**
   * If a symbolic link led to the file, the names of the file itself below the source; only the last
   * name if the file is outside of it. A file is not served if its real name is not.
   */
  readonly realPath?: readonly string[] | undefined;
  /** The SHA-256 of the content, if it is known without reading the content. */
  readonly sha256?: Uint8Array<ArrayBuffer> | undefined;
  /** Whether the content is in memory, so that `open` does not wait. */
  readonly inMemory?: boolean | undefined;
  /**
   * Opens the content, or a range of it: bytes, or a stream. A stream fails when it cannot deliver
   * all bytes, and releases the storage when it ends, fails or is cancelled. Several ranges are
   * opened one after the other. Rejects when the content has changed since `find`.
   */
  open(range?: ByteRange): Content | Promise<Content>;
  /** Releases what `find` holds for `open`, if anything. Called when `open` is not. */
  close?(): void | Promise<void>;
}

/** The content of a file. */
export type Content = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;

/** Whether a file was found. */
export function isEntry(found: Found | "denied"): found is Entry {
  return typeof found === "object" && "open" in found;
}

/** Whether a value has the shape of a source. */
export function isSource(value: unknown): value is Source {
  // Arrays have a method `find`, too.
  return typeof value === "object" && value !== null && !Array.isArray(value) && "find" in value &&
    typeof value.find === "function";
}

/**
 * A storage failure that is not a fault of this server. The response is 502 or 504 for an origin
 * that fails, and 503 for a file that keeps changing.
 */
export class SourceError extends Error {
  /** The status of the response. */
  readonly status: 502 | 503 | 504;
  /** The message is for logs; the client sees only the status. */
  constructor(status: 502 | 503 | 504, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The file is no longer the one that was found. Another lookup may succeed. */
export function changedError(name: string): SourceError {
  return new SourceError(503, `${name} changed between its lookup and its opening`);
}
