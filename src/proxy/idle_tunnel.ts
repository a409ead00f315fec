/**
 * Tunnels through which nothing passes for too long. Each keeps a connection to the client and one to
 * the upstream, and neither end may ever notice that the other has vanished.
 *
 * @module
 */
import type { Tunnel } from "../transport/transport.ts";

/** A tunnel that is closed, on both sides, when nothing passes for so many milliseconds; 0 for never. */
export function closedWhenIdle(tunnel: Tunnel, limit: number): Tunnel {
  if (limit === 0) return tunnel;
  const [reader, writer] = [tunnel.readable.getReader(), tunnel.writable.getWriter()];
  let moved = performance.now();
  let halves = 2;
  let [failReading, failWriting] = [(_why: unknown): void => {}, (_why: unknown): void => {}];
  const look = (): void => {
    const left = moved + limit - performance.now();
    // Setting a timer for each chunk would cost more than looking now and then.
    if (left > 0) timer = setTimeout(look, left);
    else close(new Error(`nothing passed the tunnel for ${limit} ms (option timeouts.tunnel)`));
  };
  let timer = setTimeout(look, limit);
  const touch = (): void => void (moved = performance.now());
  const end = (): void => clearTimeout(timer);
  const endHalf = (): void => {
    if (--halves === 0) end();
  };
  const close = (why: Error): void => {
    failReading(why);
    failWriting(why);
    reader.cancel(why).catch(() => {});
    writer.abort(why).catch(() => {});
  };

  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (failReading = (why) => controller.error(why)),
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          touch();
          return controller.enqueue(value);
        }
      } catch (error) {
        end();
        throw error;
      }
      endHalf();
      controller.close();
    },
    cancel(reason) {
      end();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      failWriting = (why) => controller.error(why);
      writer.closed.catch(failWriting).finally(endHalf);
    },
    async write(chunk) {
      touch();
      await writer.write(chunk);
      touch();
    },
    close: () => writer.close(),
    abort(reason) {
      end();
      return writer.abort(reason);
    },
  });
  return { ...tunnel, readable, writable };
}
