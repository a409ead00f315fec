/**
 * Streams that say how much they hold.
 *
 * @module
 */

/**
 * What makes a stream. Workers send a `Content-Length` only with one that says it, whatever the
 * fields say, and in chunks they end as if it were whole what errors; the others do not look at it.
 */
export interface SizedSource<R extends Uint8Array = Uint8Array> extends UnderlyingDefaultSource<R> {
  /** How many bytes there will be, if that is known. */
  readonly expectedLength: number | undefined;
}
