/**
 * Content that Deno's `fetch` sends once, and with its length.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** What fetch takes for a file: it reads the stream, and believes the size. */
class Content extends Blob {
  readonly #stream: Bytes;
  readonly #size: number | undefined;

  constructor(stream: Bytes, size?: number) {
    super();
    this.#stream = stream;
    this.#size = size;
  }

  override stream(): Bytes {
    return this.#stream;
  }

  override get size(): number {
    return this.#size as number; // without one, the stream is sent in chunks
  }
}

let believed: boolean | undefined;

/** Whether fetch looks at what is overridden; if not, it would send nothing. */
function isBelieved(): boolean {
  const stream: Bytes = new ReadableStream();
  return believed ??= new Response(new Content(stream, 1)).body === stream;
}

/**
 * The content of a request for `fetch`. As a mere stream, a short one that Deno's server has read
 * whole would be sent again when the connection is lost, even of a POST that the upstream has acted
 * on; and one that was made in JavaScript would be sent in chunks.
 */
export function contentOnce(
  body: ReadableStream<Uint8Array>,
  fields: readonly Field[],
): ReadableStream | Blob {
  if (!isBelieved()) return body;
  const length = fields.find(([name]) => name === "content-length")?.[1];
  return new Content(body as Bytes, length === undefined ? undefined : Number(length));
}
