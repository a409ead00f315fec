/**
 * A response that a transport is told of in events: its content is pushed on as it comes.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { toReadableStream } from "../host/push_body.ts";
import type { BodySink } from "../host/types.ts";
import type {
  IncomingResponse,
  OutgoingRequest,
  PushedContent,
  PushedResponse,
} from "./transport.ts";

type Chunk = Uint8Array<ArrayBuffer>;

/** What an exchange is held by. */
export interface Control {
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/** How much of a response waits in memory until somebody wants it. */
const MOST_WAITING = 64 * 1024;

/** Is told of one exchange. */
export class Receiver implements PushedContent {
  onCut?: (error: unknown) => void;
  readonly #request: OutgoingRequest;
  readonly #resolve: (response: IncomingResponse) => void;
  readonly #reject: (reason: Error) => void;
  #control: Control | undefined;
  #sink: BodySink | undefined;
  /** What came before anybody wanted it. */
  #waiting: Chunk[] = [];
  #size = 0;
  #trailerFields: readonly Field[] = [];
  #trailers: PromiseWithResolvers<readonly Field[]> | undefined;
  #state: "open" | "ended" | "failed" | "cancelled" = "open";
  #error: Error | undefined;

  constructor(
    request: OutgoingRequest,
    resolve: (response: IncomingResponse) => void,
    reject: (reason: Error) => void,
  ) {
    [this.#request, this.#resolve, this.#reject] = [request, resolve, reject];
  }

  /** There is a connection. Whoever is aborted within must send nothing. */
  connected(control: Control): void {
    this.#control = control;
    const { signal } = this.#request;
    if (signal.aborted) return this.#leave();
    signal.addEventListener("abort", this.#leave);
    this.#request.onConnected?.();
  }

  /**
   * The fields of a response have come, or those of a 1xx response before it.
   *
   * @param alone Whether it is known that nothing follows them.
   */
  responded(status: number, reason: string, fields: readonly Field[], alone = false): void {
    if (status < 200) return this.#request.onInformational?.(status, fields);
    this.#resolve(
      alone ? { status, reason, fields, body: null } : new Pushed(this, status, reason, fields),
    );
  }

  /** Content has come. */
  received(chunk: Chunk): void {
    if (this.#state !== "open") return;
    if (this.#sink) {
      if (!this.#sink.write(chunk)) this.#control?.pause();
      return;
    }
    this.#waiting.push(chunk);
    this.#size += chunk.byteLength;
    if (this.#size >= MOST_WAITING) this.#control?.pause();
  }

  /** All has come, trailer fields, too. */
  ended(trailers: readonly Field[]): void {
    this.#request.signal.removeEventListener("abort", this.#leave);
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#trailerFields = trailers;
    this.#trailers?.resolve(trailers);
    this.#sink?.end();
  }

  /** There will be no response, or no more of it. */
  failed(error: Error): void {
    this.#request.signal.removeEventListener("abort", this.#leave);
    this.#reject(error);
    this.#error = error;
    this.#trailers?.reject(error);
    if (this.#state !== "open") return;
    this.#state = "failed";
    if (this.#sink) this.#cut(this.#sink);
  }

  readonly #leave = (): void => {
    if (this.#state === "open") this.#control?.abort(asError(this.#request.signal.reason));
  };

  #cut(sink: BodySink): void {
    this.onCut?.(this.#error);
    sink.fail(this.#error);
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    const waiting = this.#waiting;
    this.#waiting = [];
    let more = true;
    for (const chunk of waiting) more = sink.write(chunk);
    if (this.#state === "ended") sink.end();
    else if (this.#state === "failed") this.#cut(sink);
    else if (!more) this.#control?.pause();
    else if (this.#size >= MOST_WAITING) this.#control?.resume();
    // Who waits for events wants to know that there is somebody to wait for.
    else if (waiting.length === 0) sink.flush?.();
  }

  whole(): Chunk | undefined {
    const [chunk, ...more] = this.#waiting;
    const follows = more.length > 0 || this.#trailerFields.length > 0;
    return this.#state === "ended" && !follows ? chunk : undefined;
  }

  resume(): void {
    if (this.#state === "open") this.#control?.resume();
  }

  cancel(reason: unknown): void {
    this.#waiting = [];
    if (this.#state !== "open") return;
    this.#state = "cancelled";
    this.#control?.abort(asError(reason));
  }

  /** The trailer fields, when the content has ended. */
  get trailers(): Promise<readonly Field[]> {
    if (!this.#trailers) {
      this.#trailers = Promise.withResolvers();
      this.#trailers.promise.catch(() => {}); // the content fails in the same way
      if (this.#state === "ended") this.#trailers.resolve(this.#trailerFields);
      if (this.#error) this.#trailers.reject(this.#error);
    }
    return this.#trailers.promise;
  }
}

/**
 * The response, whose stream is made when somebody wants one. A class: an object with a getter of
 * its own has a shape of its own, and those stay in memory for long.
 */
class Pushed implements PushedResponse {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly flow: Receiver;
  #body: ReadableStream<Chunk> | undefined;

  constructor(flow: Receiver, status: number, reason: string, fields: readonly Field[]) {
    [this.flow, this.status, this.reason, this.fields] = [flow, status, reason, fields];
  }

  get body(): ReadableStream<Chunk> {
    return this.#body ??= toReadableStream(this.flow);
  }
  get trailers(): Promise<readonly Field[]> {
    return this.flow.trailers;
  }
}

/** Why an exchange is broken off. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("aborted");
}
