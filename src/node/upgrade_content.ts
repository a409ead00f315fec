/**
 * The content of requests to upgrade. Node hands the connection over behind the fields: what comes
 * next there is the content, which no parser reads.
 *
 * @module
 */
import type { Duplex } from "node:stream";
import { hasNodeSockets } from "../runtime.ts";
import { announcesContent, contentLength } from "../http/upgrade.ts";

/** How long it may take to come where the server does not say, in milliseconds. */
const PATIENCE = 60_000;

/** The length of the content, or `undefined` where it cannot be read from the socket. */
export function lengthHere(method: string, headers: Headers): number | undefined {
  // Deno and Bun give some of it to the message and some to the socket.
  return hasNodeSockets() || !announcesContent(headers)
    ? contentLength(method, headers)
    : undefined;
}

/** Who is told of content. */
interface Reader {
  /** All of it has come; `rest` is what has come behind it. */
  whole(content: Uint8Array<ArrayBuffer>, rest: Uint8Array): void;
  /** The client takes too long. */
  late(): void;
}

/**
 * Reads content, and keeps what comes behind it apart. Nobody is told of content whose connection
 * closes before its end.
 *
 * @param head What was read from the connection before.
 */
export function readContent(
  socket: Duplex,
  head: Uint8Array,
  length: number,
  reader: Reader,
): void {
  const content = new Uint8Array(length);
  let count = 0;
  const read = (chunk: Uint8Array): void => {
    const part = chunk.subarray(0, length - count);
    content.set(part, count);
    count += part.byteLength;
    if (count < length) return;
    stop();
    socket.pause();
    reader.whole(content, chunk.subarray(part.byteLength));
  };
  const patience = patienceOf(socket);
  const timer = patience > 0
    ? setTimeout(() => {
      stop();
      reader.late();
    }, patience)
    : undefined;
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("data", read).off("close", stop);
  };
  socket.on("data", read).once("close", stop);
  read(head);
}

/** How long the server lets a request take; Node itself does not look at this one any more. */
function patienceOf(socket: object): number {
  const { server } = socket as { readonly server?: { readonly requestTimeout?: number } };
  return server?.requestTimeout ?? PATIENCE;
}
