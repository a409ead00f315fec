/**
 * A socket of Node, Deno or Bun as a pair of streams.
 *
 * @module
 */
type Duplex = import("node:stream").Duplex;
type Socket = import("node:net").Socket;

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
export function streamsOf(socket: Duplex, head: Uint8Array): Streams {
  // A tunnel may be silent as long as it likes, but whoever has vanished must not keep it.
  if (isSocket(socket)) socket.setTimeout(0).setKeepAlive(true, 60_000).setNoDelay(true);
  return { readable: readableOf(socket, head), writable: writableOf(socket) };
}

/** Resolves when more can be written, or nothing any more. */
export function drained(sink: import("node:stream").Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      sink.off("drain", go).off("close", go);
      resolve();
    };
    sink.once("drain", go).once("close", go);
  });
}

function isSocket(socket: Duplex): socket is Socket {
  return "setTimeout" in socket && "setKeepAlive" in socket;
}

function readableOf(socket: Duplex, head: Uint8Array): ReadableStream<Uint8Array> {
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

function writableOf(socket: Duplex): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    start(controller) {
      socket.on("error", (error) => controller.error(error));
      socket.once("close", () => controller.error(new Error("the connection was lost")));
    },
    async write(chunk) {
      if (!socket.write(chunk)) await drained(socket);
    },
    close: () => void socket.end(),
    abort: () => void socket.destroy(),
  });
}
