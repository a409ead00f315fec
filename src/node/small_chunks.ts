/**
 * Small pieces of received content, joined.
 *
 * @module
 */
import type { ServerHttp2Stream } from "node:http2";

/** Pieces that are smaller are joined, in bytes. */
const SMALL = 1024;

/**
 * Joins small pieces of content that arrive in one turn of the event loop. Each would cost a hundred
 * bytes until it is read, so that content of one byte a frame would cost far more than its window.
 */
export function joinSmallChunks(stream: ServerHttp2Stream): void {
  const push = stream.push.bind(stream);
  let held: Uint8Array[] = [];
  let size = 0;
  const flush = (): void => {
    if (held.length === 0 || stream.destroyed) return;
    const joined = held.length > 1 ? Buffer.concat(held) : held[0];
    [held, size] = [[], 0];
    push(joined);
  };
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (!(chunk instanceof Uint8Array) || chunk.byteLength >= SMALL) {
      flush();
      return push(chunk, encoding);
    }
    if (held.length === 0) setImmediate(flush);
    held.push(chunk);
    size += chunk.byteLength;
    // What is held counts: reading must stop where it would without this.
    return stream.readableLength + size < stream.readableHighWaterMark;
  };
}
