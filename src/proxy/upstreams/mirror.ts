/**
 * Mirrors: copies of requests for another target, whose responses are discarded.
 *
 * @module
 */
import { duration, number, type Options, readOptions, whole } from "../../config.ts";
import { watchBody } from "../../host/watch_body.ts";

/** Sends a copy of a request with the given body; resolves to the body of the response. */
export type SendCopy = (
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
) => Promise<ReadableStream<Uint8Array> | null>;

/** Copies requests. */
export interface Mirror<To = unknown> {
  /** The target of the copies. */
  readonly target: To;
  /** Called for each request: whether to copy it. */
  shouldCopy(): boolean;
  /**
   * Copies a request.
   *
   * @param body The body of the original.
   * @param send Sends the copy.
   * @param abortOriginal Aborts the original.
   * @returns The body to send with the original, in place of its own.
   */
  copy(
    body: ReadableStream<Uint8Array> | null,
    send: SendCopy,
    abortOriginal: (reason: unknown) => void,
  ): ReadableStream<Uint8Array> | null;
}

/** Options of {@linkcode mirrorTo}. */
export interface MirrorOptions {
  /**
   * The share of the requests that is copied, from 0 to 1.
   *
   * @default 1
   */
  readonly share?: number;
  /**
   * How long a copy may take, in milliseconds.
   *
   * @default 10000
   */
  readonly timeout?: number;
  /**
   * How many copies may be in flight. Further requests are not copied.
   *
   * @default 100
   */
  readonly maxInFlight?: number;
}

const OPTIONS = {
  share: [number(0, 1), 1],
  timeout: [duration(1), 10_000],
  maxInFlight: [whole(1), 100],
} satisfies Options<MirrorOptions>;

/** How many bytes of the request body a mirror may lag behind before its copy is dropped. */
const MAX_LAG = 64 * 1024;

/**
 * Sends copies of requests to another target and discards the responses. The upstream and the client
 * do not notice the mirror: it gets the request body at the pace of the upstream, and a copy that lags
 * behind, fails or takes too long is dropped.
 *
 * A copy has the headers of the original. What the target withholds (`credentials: false`,
 * `removeHeaders`, and headers that `headers` replaces) is withheld from the mirror, too, unless its own
 * options differ. On Cloudflare Workers, a copy ends with the response to the original.
 *
 * @param target The target of the copies.
 * @param options See {@linkcode MirrorOptions}.
 * @returns A value for the option `mirror`.
 * @throws {TypeError} When an option is out of bounds.
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
  const { share, timeout, maxInFlight } = readOptions("mirrorTo", options, OPTIONS);
  let inFlight = 0;

  return {
    target,
    shouldCopy: () => inFlight < maxInFlight && Math.random() < share,
    copy(body, send, abortOriginal) {
      const copy = new AbortController();
      const abortCopy = (): void => copy.abort(new Error("the copy is dropped"));
      const branches = body && tee(body, abortCopy, abortOriginal);
      const run = async (): Promise<void> => {
        inFlight++;
        const timer = setTimeout(() => {
          abortCopy();
          branches?.drop();
        }, timeout);
        try {
          const response = await send(branches && branches.copy, copy.signal);
          await response?.cancel();
        } finally {
          inFlight--;
          clearTimeout(timer);
          branches?.drop();
        }
      };
      run().catch(() => {}); // a mirror may fail
      return branches && branches.original;
    },
  };
}

interface Branches {
  readonly original: ReadableStream<Uint8Array>;
  readonly copy: ReadableStream<Uint8Array>;
  /** Drops the copy. */
  drop(): void;
}

/** Two branches of a stream, at the pace of the original: the copy lags behind by `MAX_LAG` at most. */
function tee(
  source: ReadableStream<Uint8Array>,
  abortCopy: () => void,
  abortOriginal: (reason: unknown) => void,
): Branches {
  let follower: ReadableStreamDefaultController<Uint8Array> | undefined;
  const copy = new ReadableStream<Uint8Array>({
    start: (controller) => void (follower = controller),
    cancel: () => void (follower = undefined),
  }, { highWaterMark: MAX_LAG, size: (chunk) => chunk.byteLength });
  const drop = (): void => {
    const dropped = follower;
    follower = undefined;
    if (!dropped) return;
    // The request is aborted first: to some transports, an error of the body looks like its end.
    abortCopy();
    dropped.error(new Error("the copy is dropped"));
  };
  const original = watchBody(source, {
    async read(reader) {
      const result = await reader.read();
      if (result.done) return result;
      const room = follower?.desiredSize ?? 0;
      // A transport may detach the buffer of a chunk, so that the copy gets its own.
      if (result.value.byteLength <= room) follower?.enqueue(result.value.slice());
      else drop();
      return result;
    },
    onEnd(end, error) {
      if (end === "ended") follower?.close();
      else drop();
      follower = undefined;
      if (end === "failed") abortOriginal(error);
    },
  });
  return { original, copy, drop };
}
