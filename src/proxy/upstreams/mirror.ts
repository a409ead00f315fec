/**
 * Copies of requests, for a server that is to be tried out.
 *
 * @module
 */
import { checkOptions, type Checks, duration, number, whole } from "../../config.ts";

/** Sends a copy with the given content, and resolves to the content of the response. */
export type SendCopy = (
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
) => Promise<ReadableStream<Uint8Array> | null>;

/** Sends copies of requests. */
export interface Mirror<To = unknown> {
  /** Where to. */
  readonly target: To;
  /** Whether the request at hand is to be copied. */
  chosen(): boolean;
  /**
   * Sends a copy.
   *
   * @param body The content of the original.
   * @param send Sends the copy.
   * @param abortOriginal Aborts the original.
   * @returns The content to send with the original in place of its own.
   */
  reflect(
    body: ReadableStream<Uint8Array> | null,
    send: SendCopy,
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
  readonly maxInFlight?: number;
}

const OPTIONS: Checks<MirrorOptions> = {
  share: number(0, 1),
  timeout: duration(1),
  maxInFlight: whole(1),
};

/** How far a mirror may lag behind, in bytes of content, before its copy is given up. */
const LAG = 64 * 1024;

/**
 * Sends copies of requests to another target and throws its responses away. The mirror has no say: it
 * is told the content as the upstream takes it, and a copy that cannot keep up, fails or takes too
 * long is given up in silence.
 *
 * The copy has the fields that the original has: what the target withholds (`credentials: false`,
 * `removeHeaders`, fields that `headers` replaces) is withheld from the mirror, too, unless its own
 * options say otherwise. On Cloudflare Workers it ends with the response to
 * the original, if that is sooner.
 *
 * @param target Where the copies go.
 * @param options See {@linkcode MirrorOptions}.
 * @returns A value for the option `mirror`.
 * @throws {TypeError} When an option is out of its bounds.
 *
 * @example
 * ```ts
 * import { notFound, proxy } from "@handwerk/handwerk";
 * import { mirrorTo } from "@handwerk/handwerk/upstreams";
 *
 * const app = proxy({
 *   "/": { target: "http://10.0.0.1/", mirror: mirrorTo("http://10.0.0.9/", { share: 0.1 }) },
 * })(notFound);
 * ```
 */
export function mirrorTo<To>(target: To, options: MirrorOptions = {}): Mirror<To> {
  checkOptions("mirrorTo", options, OPTIONS);
  const { share = 1, timeout = 10_000, maxInFlight: most = 100 } = options;
  let underWay = 0;

  return {
    target,
    chosen: () => underWay < most && Math.random() < share,
    reflect(body, send, abortOriginal) {
      const given = new AbortController();
      const giveUp = (): void => given.abort(new Error("the mirror is given up"));
      const halves = body && tee(body, giveUp, abortOriginal);
      const timer = setTimeout(() => {
        giveUp();
        halves?.drop();
      }, timeout);
      underWay++;
      const sent = async (): Promise<void> => {
        const response = await send(halves && halves.copy, given.signal);
        await response?.cancel();
      };
      void sent().catch(() => {}).then(() => {
        underWay--;
        clearTimeout(timer);
        return halves?.drop();
      });
      return halves && halves.original;
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
