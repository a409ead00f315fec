/**
 * Bodies that push their chunks. A host can send one without a stream. All others get a stream.
 *
 * @module
 */
import { sideTable } from "./side_table.ts";
import { HostRequest } from "./host_request.ts";
import type { BodySink, PushBody, ResponseHead } from "./types.ts";
import { nativeResponse } from "./make_response.ts";

/** Makes a response of our own with a push body. */
export function makePushResponse(request: object, flow: PushBody, head: ResponseHead): Response {
  return request instanceof HostRequest
    ? request.respond(flow, head)
    : nativeResponse(toReadableStream(flow), head);
}

/** Whether a value is a push body. */
export function isPushBody(content: unknown): content is PushBody {
  return typeof content === "object" && content !== null && "start" in content;
}

/** The most bytes that a stream buffers. */
const MOST_WAITING = 64 * 1024;

/** The push bodies of streams that are not used yet. */
const pushBodies = sideTable<ReadableStream, PushBody | "taken">();

/** Makes a stream. The push body is started when the first chunk is read. */
export function toReadableStream(flow: PushBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  let started = false;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (started) return flow.resume();
      started = true;
      pushBodies.set(stream, undefined);
      flow.start({
        write(chunk) {
          controller.enqueue(chunk);
          return (controller.desiredSize ?? 0) > -MOST_WAITING;
        },
        end: () => controller.close(),
        fail: (error) => controller.error(error),
      });
    },
    cancel(reason) {
      pushBodies.set(stream, undefined);
      flow.cancel(reason);
    },
  }, { highWaterMark: 0, size: (chunk) => chunk.byteLength });
  pushBodies.set(stream, flow);
  return stream;
}

/**
 * Returns the push body of a stream that was made by {@linkcode toReadableStream}, if the stream is
 * not used yet. The stream is locked from then on.
 */
export function unwrap(stream: ReadableStream): PushBody | undefined {
  const flow = stream.locked ? undefined : pushBodies.get(stream);
  if (!flow || flow === "taken") return undefined;
  stream.getReader();
  pushBodies.set(stream, "taken");
  return flow;
}

/** Whether the push body of a stream was taken out of it. */
export function isUnwrapped(stream: ReadableStream | null): boolean {
  return stream !== null && pushBodies.get(stream) === "taken";
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** Makes a push body of a stream; `ahead` are reads that have been started. */
export function toPushBody(reader: Reader, ahead: ReturnType<Reader["read"]>[] = []): PushBody {
  let goOn = (): void => {};
  const run = async (sink: BodySink): Promise<void> => {
    for (;;) {
      const { done, value } = await (ahead.shift() ?? reader.read());
      if (done) return sink.end();
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(`a body must consist of bytes, not ${typeof value}`);
      }
      if (!sink.write(value)) await new Promise<void>((resolve) => (goOn = resolve));
    }
  };
  return {
    start: (sink) => void run(sink).catch((error: unknown) => sink.fail(error)),
    resume: () => goOn(),
    cancel: (reason) => void reader.cancel(reason).catch(() => {}),
  };
}

/** Reads a body to its end. */
export function collect(flow: PushBody): Promise<Uint8Array<ArrayBuffer>[]> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    flow.start({
      write: (chunk) => chunks.push(chunk) > 0,
      end: () => resolve(chunks),
      fail: reject,
    });
  });
}
