/**
 * The seam between HTTP and storage: what a directory, a single file, memory or an object store
 * must be able to do to be exported.
 *
 * @module
 */
import type { ByteRange } from "../http/ranges.ts";

/** Somewhere to look up files. */
export interface Source {
  /**
   * Looks up a path below the source.
   *
   * @param segments The decoded names from the source down: none empty, none `.` or `..`, none with
   * a separator, a colon or a control. No segment asks for the source itself, as when a single file
   * is exported.
   * @returns The file, `"directory"` when names go on from here, a {@linkcode LinkedDirectory} when
   * they go on behind a link, or `undefined` when there is nothing at that path. Rejects only when
   * the storage fails.
   */
  find(segments: readonly string[]): Found | Promise<Found>;
  /**
   * Lists a directory, where the storage can. Names that `find` would refuse to look up are left
   * out by whoever asks.
   */
  list?(segments: readonly string[]): readonly Listed[] | Promise<readonly Listed[]>;
}

/** A listing shows no more names of a directory. A source that gives one more says that there are. */
export const MOST_LISTED = 10_000;

/** One name in a directory. */
export interface Listed {
  /** The name. */
  readonly name: string;
  /** Whether it is a directory. */
  readonly directory: boolean;
  /** The length of a file in bytes, where it is known. */
  readonly size?: number | undefined;
  /** The time of the last change, in milliseconds since the epoch, where it is known. */
  readonly lastModified?: number | undefined;
  /** As that of an {@linkcode ValueEntry}. */
  readonly realPath?: readonly string[] | undefined;
}

/** What is at a path. */
export type Found = Entry | LinkedDirectory | "directory" | undefined;

/** A directory that a link led to. */
export interface LinkedDirectory {
  /** Tells it from a file. */
  readonly directory: true;
  /** As that of an {@linkcode ValueEntry}. */
  readonly realPath: readonly string[];
}

/** A file that was found, and not yet opened. */
export interface Entry {
  /** The name of the file; its extension tells the media type. */
  readonly name: string;
  /** The length in bytes. */
  readonly size: number;
  /** The time of the last change, in milliseconds since the epoch, where it is known. */
  readonly lastModified?: number | undefined;
  /** The entity tag with its quotes (RFC 9110 §8.8.3), where there is one. */
  readonly etag?: string | undefined;
  /** The media type, where the storage knows better than the name. */
  readonly type?: string | undefined;
  /**
   * The names of the file itself below the source, if a link led to it; the last one alone if it is
   * elsewhere. What is not served under these names is not served under others.
   */
  readonly realPath?: readonly string[] | undefined;
  /** The SHA-256 of the content, where it is known without reading. */
  readonly sha256?: Uint8Array<ArrayBuffer> | undefined;
  /** Whether the content is in memory, so that nothing has to be read. */
  readonly inMemory?: boolean | undefined;
  /**
   * Opens the content, or a range of it: bytes, or a stream that errors when it cannot deliver all
   * of them, and lets go of the storage when it ends, errors or is cancelled. Several ranges are
   * opened one after the other. Rejects when the content is no longer the one that was found.
   */
  open(range?: ByteRange): Content | Promise<Content>;
  /** Lets go of what was kept since `find`, if anything was; called when `open` never is. */
  close?(): void | Promise<void>;
}

/** Whether a file was found. */
export function isEntry(found: Found | "denied"): found is Entry {
  return typeof found === "object" && "open" in found;
}

/** The content of a file. */
export type Content = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;

/** Whether a value has the shape of a source. */
export function isSource(value: unknown): value is Source {
  // Arrays have a method of that name, too.
  return typeof value === "object" && value !== null && !Array.isArray(value) && "find" in value &&
    typeof value.find === "function";
}
