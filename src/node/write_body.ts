/**
 * Content poured into a connection, as fast as that takes it.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { PushBody } from "../host/types.ts";
import type { RawHeaders } from "../http/fields.ts";
import type { Trailers } from "../http/trailer_fields.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Chunks that are smaller are joined, in bytes: a write costs as much as copying so much. */
const SMALL = 4 * 1024;
/** How much is joined at most, in bytes. */
const JOINED = 64 * 1024;

/**
 * Pours content until its end, and ends the answer. Rejects when it fails or has another length.
 *
 * @param trailers The fields to send after it.
 */
export function writeBody(
  flow: PushBody,
  sink: ServerResponse,
  length: number | undefined,
  trailers?: Trailers,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let [count, over] = [0, false];
    const joint = new Joint(sink);
    const resume = (): void => {
      joint.full = false;
      flow.resume();
    };
    const settle = (): void => {
      over = true;
      joint.discard();
      sink.off("drain", resume).off("close", leave);
    };
    // A client that leaves stops whoever makes the content.
    const leave = (): void => {
      settle();
      flow.cancel(new Error("the client closed the connection"));
      resolve();
    };
    const fail = (error: unknown): void => {
      joint.flush();
      settle();
      reject(error);
    };
    const finish = (fields: RawHeaders = []): void => {
      if (over) return;
      joint.flush();
      if (fields.length > 0) sink.addTrailers(byName(fields));
      sink.end();
      settle();
      resolve();
    };
    if (sink.destroyed) return leave();
    sink.on("drain", resume).once("close", leave);
    flow.start({
      write(chunk, flushed) {
        if (over) return false;
        count += chunk.byteLength;
        // On a connection that stays, what is too much would be the beginning of the next response.
        if (length === undefined || count <= length) return joint.write(chunk, flushed);
        const error = new Error(`the content is longer than its Content-Length, ${length}`);
        flow.cancel(error);
        fail(error);
        return false;
      },
      flush() {
        // What comes in the same turn of the event loop goes out with the fields.
        setImmediate(() => over || count > 0 ? undefined : sink.flushHeaders());
      },
      end() {
        if (over) return;
        if (length !== undefined && count < length) {
          return fail(new Error(`the content ended at ${count} of the ${length} bytes it has`));
        }
        if (trailers) trailers.fields.then(finish).catch(fail);
        else finish();
      },
      fail: (error) => over ? undefined : fail(error),
    });
  });
}

/** Small chunks of one turn of the event loop in one: the connection would send them together anyway. */
class Joint {
  readonly #sink: ServerResponse;
  #chunks: Bytes[] = [];
  #size = 0;
  /** Whether to wait until the sink is drained. */
  full = false;

  constructor(sink: ServerResponse) {
    this.#sink = sink;
  }

  write(chunk: Bytes, flushed?: () => void): boolean {
    // What is to be told when the bytes are free, wants them to be sent as they are.
    if (chunk.byteLength >= SMALL || flushed) {
      this.flush();
      this.full = !this.#sink.write(chunk, flushed);
      return !this.full;
    }
    if (this.#chunks.length === 0) process.nextTick(() => this.flush());
    this.#chunks.push(chunk);
    this.#size += chunk.byteLength;
    if (this.#size >= JOINED) this.flush();
    return !this.full;
  }

  flush(): void {
    const chunks = this.#chunks;
    if (chunks.length === 0) return;
    this.full = !this.#sink.write(chunks.length > 1 ? Buffer.concat(chunks) : chunks[0]);
    this.discard();
  }

  discard(): void {
    [this.#chunks, this.#size] = [[], 0];
  }
}

/** One value for a name (RFC 9110 §5.3): HTTP/2 of Node throws at two of some, where none can catch. */
function byName(fields: RawHeaders): Record<string, string> {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, value] = [fields[i] as string, fields[i + 1] as string];
    values.set(name, values.has(name) ? `${values.get(name)}, ${value}` : value);
  }
  return Object.fromEntries(values);
}
