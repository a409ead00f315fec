/**
 * A socket of Node, Deno or Bun as a pair of streams.
 *
 * @module
 */
type Socket = import("node:stream").Duplex;

/** What is read from a socket and what is written to it. */
export interface Streams {
  /** Ends with the other side's half of the connection; cancelling it closes the connection. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it ends our half of the connection; aborting it closes the connection. */
  readonly writable: WritableStream<Uint8Array>;
}

/** How much is read before anybody asks for it. */
const HIGH_WATER_MARK = 64 * 1024;

/**
 * Takes a socket over. Its errors are those of the streams, and never unhandled.
 *
 * @param head What was read from it before.
 */
export function streamsOf(socket: Socket, head: Uint8Array): Streams {
  return { readable: readableOf(socket, head), writable: writableOf(socket) };
}

function readableOf(socket: Socket, head: Uint8Array): ReadableStream<Uint8Array> {
  let open = true;
  const end = (finish: () => void): void => {
    if (open) finish();
    open = false;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (head.byteLength > 0) controller.enqueue(new Uint8Array(head));
      socket.on("data", (chunk: Uint8Array) => {
        if (!open) return;
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) socket.pause();
      });
      socket.once("end", () => end(() => controller.close()));
      socket.on("error", (error) => end(() => controller.error(error)));
      socket.once("close", () => end(() => controller.error(new Error("the connection was lost"))));
    },
    pull: () => void socket.resume(),
    cancel() {
      open = false;
      socket.destroy();
    },
  }, { highWaterMark: HIGH_WATER_MARK, size: (chunk) => chunk.byteLength });
}

function writableOf(socket: Socket): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    start(controller) {
      socket.on("error", (error) => controller.error(error));
      socket.once("close", () => controller.error(new Error("the connection was lost")));
    },
    write(chunk) {
      if (socket.write(chunk)) return;
      return new Promise((resolve) => {
        const go = (): void => {
          socket.off("drain", go).off("close", go);
          resolve();
        };
        socket.once("drain", go).once("close", go);
      });
    },
    close: () => void socket.end(),
    abort: () => void socket.destroy(),
  });
}
