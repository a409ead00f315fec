/**
 * Copies of requests, for a server that is to be tried out.
 *
 * @module
 */
import type { OutgoingRequest, Transport } from "../transport.ts";
import { type Clock, systemClock, within } from "./clock.ts";

/** Sends copies of requests. */
export interface Mirror<To = string | URL> {
  /** Where to. */
  readonly target: To;
  /** Whether the request at hand is to be copied. */
  chosen(): boolean;
  /**
   * Sends a copy.
   *
   * @param copy The request for the mirror, with the content of the original.
   * @param abortOriginal Aborts the original request.
   * @returns The content to send with the original in place of its own.
   */
  reflect(
    copy: OutgoingRequest,
    transport: Transport,
    abortOriginal: (reason: unknown) => void,
  ): ReadableStream<Uint8Array> | null;
}

/** Options of {@linkcode mirrorTo}. */
export interface MirrorOptions {
  /** The part of the requests that is copied, from 0 to 1. Default 1. */
  readonly share?: number;
  /** How long a copy may take, in milliseconds. Default 10000. */
  readonly timeout?: number;
  /** How many copies may be under way; what comes beside them is not copied. Default 100. */
  readonly most?: number;
  /** Takes the place of `Math.random`. */
  readonly random?: () => number;
  /** Tells the time and wakes up. Default: the runtime's clock. */
  readonly clock?: Clock;
}

/** How far a mirror may lag behind, in bytes of content, before its copy is given up. */
const LAG = 64 * 1024;

/**
 * Sends copies of requests to another target and throws its responses away. The mirror has no say: it
 * is told the content as the upstream takes it, and a copy that cannot keep up, fails or takes too
 * long is given up in silence.
 *
 * The copy has every field that the original has. On Cloudflare Workers it ends with the response to
 * the original, if that is sooner.
 *
 * @param target Where the copies go.
 * @param options See {@linkcode MirrorOptions}.
 * @returns A value for the option `mirror`.
 * @throws {TypeError} When an option is out of its bounds.
 *
 * @example
 * ```ts
 * import { mirrorTo, notFound, proxy } from "@handwerk/handwerk";
 *
 * const app = proxy({
 *   "/": { target: "http://10.0.0.1/", mirror: mirrorTo("http://10.0.0.9/", { share: 0.1 }) },
 * })(notFound);
 * ```
 */
export function mirrorTo<To>(target: To, options: MirrorOptions = {}): Mirror<To> {
  const { random = Math.random, clock = systemClock } = options;
  const share = within("mirrorTo: share", options.share ?? 1, 0, 1);
  const timeout = within("mirrorTo: timeout", options.timeout ?? 10_000, 1);
  const most = within("mirrorTo: most", options.most ?? 100, 1);
  let underWay = 0;

  const send = async (copy: OutgoingRequest, transport: Transport): Promise<void> => {
    const { body } = await transport.send(copy);
    await body?.cancel();
  };
  return {
    target,
    chosen: () => underWay < most && random() < share,
    reflect(copy, transport, abortOriginal) {
      const given = new AbortController();
      const giveUp = (): void => given.abort(new Error("the mirror is given up"));
      const halves = copy.body && tee(copy.body, giveUp, abortOriginal);
      const timer = clock.setTimeout(() => {
        giveUp();
        halves?.drop();
      }, timeout);
      const request = { ...copy, body: halves ? halves.copy : null, signal: given.signal };
      underWay++;
      void send(request, transport).catch(() => {}).then(() => {
        underWay--;
        clock.clearTimeout(timer);
        return halves?.drop();
      });
      return halves ? halves.original : null;
    },
  };
}

interface Halves {
  readonly original: ReadableStream<Uint8Array>;
  readonly copy: ReadableStream<Uint8Array>;
  /** Goes on with the original alone. */
  drop(): void;
}

/** One stream as two, at the pace of the first: the second never has more than `LAG` to catch up. */
function tee(
  source: ReadableStream<Uint8Array>,
  giveUp: () => void,
  abortOriginal: (reason: unknown) => void,
): Halves {
  let follower: ReadableStreamDefaultController<Uint8Array> | undefined;
  const copy = new ReadableStream<Uint8Array>({
    start: (controller) => void (follower = controller),
    cancel: () => void (follower = undefined),
  }, { highWaterMark: LAG, size: (chunk) => chunk.byteLength });
  const drop = (): void => {
    const dropped = follower;
    follower = undefined;
    if (!dropped) return;
    // First: where an error of the content would look like its end, the request must be gone.
    giveUp();
    dropped.error(new Error("the mirror is given up"));
  };
  const reader = source.getReader();
  const original = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          follower?.close();
          follower = undefined;
          return controller.close();
        }
        // A transport may detach the bytes that it is given.
        if (value.byteLength <= (follower?.desiredSize ?? 0)) follower?.enqueue(value.slice());
        else drop();
        return controller.enqueue(value);
      } catch (error) {
        drop();
        abortOriginal(error);
        return controller.error(error);
      }
    },
    cancel(reason) {
      drop();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  return { original, copy, drop };
}
