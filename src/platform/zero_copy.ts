/**
 * Responses of bytes that stay in memory: where they are many, Deno and Bun can send them without a
 * copy for each response.
 *
 * @module
 */
import { sideTable } from "../host/side_table.ts";
import { HostRequest } from "../host/host_request.ts";
import { makeResponse, nativeInit, nativeResponse } from "../host/make_response.ts";
import type { ResponseBody, ResponseHead } from "../host/types.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** From so many bytes on a copy costs more than what it takes to do without. */
const MANY = 16 * 1024;
/** What is lent at a time: Deno is slower with less, and with more. */
const CHUNK = 128 * 1024;

/** Makes a response to a request. Bytes are not to be changed any more. */
export function respondZeroCopy(request: object, body: ResponseBody, head: ResponseHead): Response {
  if (!(body instanceof Uint8Array) || body.length < MANY || request instanceof HostRequest) {
    return makeResponse(request, body, head);
  }
  if ("Deno" in globalThis) return new (LendingResponse ??= lendingClass())(body, head);
  // A part of other bytes was made for this response, and would be copied all the same.
  const whole = body.length === body.buffer.byteLength;
  return "Bun" in globalThis && whole
    ? nativeResponse(blobOf(body), head)
    : makeResponse(request, body, head);
}

/** The content of a response on Deno, and whether nobody but the server has come near it. */
interface Lent {
  readonly bytes: Bytes;
  unseen: boolean;
}

/**
 * A response whose bytes Deno sends from where they are, as it does with what comes from a stream.
 * Whoever looks at the content is given copies, which are theirs to change. The class is made when it
 * is needed, because Node takes 50 ms for the first look at `Response`.
 */
function lendingClass(): new (bytes: Bytes, head: ResponseHead) => Response {
  return class extends Response {
    readonly #lending: Lent;

    constructor(bytes: Bytes, head: ResponseHead) {
      const lending = { bytes, unseen: true };
      super(lend(lending), nativeInit(bytes, head));
      this.#lending = lending;
    }

    override get body(): ReadableStream<Bytes> | null {
      this.#lending.unseen = false;
      return super.body;
    }

    override clone(): Response {
      this.#lending.unseen = false;
      return super.clone();
    }
  };
}
let LendingResponse: ReturnType<typeof lendingClass> | undefined;

function lend(lending: Lent): ReadableStream<Bytes> {
  const { bytes } = lending;
  let at = 0;
  return new ReadableStream<Bytes>({
    pull(controller) {
      const end = Math.min(at + CHUNK, bytes.length);
      controller.enqueue(lending.unseen ? bytes.subarray(at, end) : bytes.slice(at, end));
      at = end;
      if (at === bytes.length) controller.close();
    },
  }, { highWaterMark: 0 });
}

/** The blobs of bytes that were sent before. */
const blobs = sideTable<Bytes, Blob>();

/** What Bun sends without a copy; the one that is made here serves all responses. */
function blobOf(bytes: Bytes): Blob {
  const blob = blobs.get(bytes) ?? new Blob([bytes]);
  blobs.set(bytes, blob);
  return blob;
}
