/**
 * Content that is pushed. A host can send it without a stream in between; for everybody else it
 * becomes one.
 *
 * @module
 */
import { sideTable } from "./side_table.ts";
import { HostRequest } from "./host_request.ts";
import type { BodySink, PushBody, ResponseHead } from "./types.ts";
import { nativeResponse } from "./make_response.ts";

/** Makes a response of content that is pushed: a `Response` for whoever looks at it. */
export function makePushResponse(request: object, flow: PushBody, head: ResponseHead): Response {
  return request instanceof HostRequest
    ? request.respond(flow, head)
    : nativeResponse(toReadableStream(flow), head);
}

/** Whether content is pushed. */
export function isPushBody(content: unknown): content is PushBody {
  return typeof content === "object" && content !== null && "start" in content;
}

/** How much waits in a stream for whoever reads it, in bytes. */
const MOST_WAITING = 64 * 1024;

/** What is in streams that nobody has touched. */
const pushBodies = sideTable<ReadableStream, PushBody | "taken">();

/** The content as a stream. It starts when the first bytes are asked for. */
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
 * Takes the content out of the stream that was made of it, if nobody has touched that. From then on
 * the stream is locked.
 */
export function unwrap(stream: ReadableStream): PushBody | undefined {
  const flow = stream.locked ? undefined : pushBodies.get(stream);
  if (!flow || flow === "taken") return undefined;
  stream.getReader();
  pushBodies.set(stream, "taken");
  return flow;
}

/** Whether the content of a stream was taken out of it. */
export function isUnwrapped(stream: ReadableStream | null): boolean {
  return stream !== null && pushBodies.get(stream) === "taken";
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** A stream that is being read, as a flow; `ahead` are reads that have begun. */
export function toPushBody(reader: Reader, ahead: ReturnType<Reader["read"]>[] = []): PushBody {
  let goOn = (): void => {};
  const run = async (sink: BodySink): Promise<void> => {
    for (;;) {
      const { done, value } = await (ahead.shift() ?? reader.read());
      if (done) return sink.end();
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(`content must be bytes, not ${typeof value}`);
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

/** Reads content to its end. */
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
