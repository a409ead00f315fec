/**
 * Responses whose content a transport pushes on as it comes, for transports that report events.
 *
 * @module
 */
import { toReadableStream } from "../host/push_body.ts";
import type { BodySink } from "../host/types.ts";
import type { Field } from "../http/fields.ts";
import type {
  IncomingResponse,
  OutgoingRequest,
  PushedContent,
  PushedResponse,
} from "./transport.ts";

type Chunk = Uint8Array<ArrayBuffer>;

/** Controls an exchange. */
export interface Control {
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/** How many bytes of a response wait in memory for a consumer. */
const MOST_WAITING = 64 * 1024;

/** Receives the events of one exchange. */
export class Receiver implements PushedContent {
  onCut?: (error: unknown) => void;
  readonly #request: OutgoingRequest;
  readonly #resolve: (response: IncomingResponse) => void;
  readonly #reject: (reason: Error, isStale?: boolean) => void;
  #control: Control | undefined;
  #sink: BodySink | undefined;
  /** The chunks that came before there was a sink. */
  #waiting: Chunk[] = [];
  #size = 0;
  #trailerFields: readonly Field[] = [];
  #trailers: PromiseWithResolvers<readonly Field[]> | undefined;
  #state: "open" | "ended" | "failed" | "cancelled" = "open";
  #error: Error | undefined;

  constructor(
    request: OutgoingRequest,
    resolve: (response: IncomingResponse) => void,
    reject: (reason: Error, isStale?: boolean) => void,
  ) {
    [this.#request, this.#resolve, this.#reject] = [request, resolve, reject];
  }

  /** There is a connection. If this aborts the exchange, the request must not be sent. */
  connected(control: Control): void {
    this.#control = control;
    const { signal } = this.#request;
    if (signal.aborted) return this.#abort();
    signal.addEventListener("abort", this.#abort);
    this.#request.onConnected?.();
  }

  /**
   * The head of the final response has come, or that of a 1xx response before it.
   *
   * @param isLast Whether the response is known to have no content and no trailer fields.
   */
  responded(status: number, reason: string, fields: readonly Field[], isLast = false): void {
    if (status < 200) return this.#request.onInformational?.(status, fields);
    this.#resolve(
      isLast ? { status, reason, fields, body: null } : new Pushed(this, status, reason, fields),
    );
  }

  /** A chunk of the content has come. */
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

  /** The content and the trailer fields are complete. */
  ended(trailers: readonly Field[]): void {
    this.#request.signal.removeEventListener("abort", this.#abort);
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#trailerFields = trailers;
    this.#trailers?.resolve(trailers);
    this.#sink?.end();
  }

  /** There will be no response, or no more of it. */
  failed(error: Error, isStale?: boolean): void {
    this.#request.signal.removeEventListener("abort", this.#abort);
    this.#reject(error, isStale);
    this.#error = error;
    this.#trailers?.reject(error);
    if (this.#state !== "open") return;
    this.#state = "failed";
    if (this.#sink) this.#cut(this.#sink);
  }

  readonly #abort = (): void => {
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
    // No data is expected soon, as with a stream of events: the client gets the head now.
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

  /** Resolves with the trailer fields when the content has ended. */
  get trailers(): Promise<readonly Field[]> {
    if (!this.#trailers) {
      this.#trailers = Promise.withResolvers();
      this.#trailers.promise.catch(() => {}); // the content fails with the same error
      if (this.#state === "ended") this.#trailers.resolve(this.#trailerFields);
      if (this.#error) this.#trailers.reject(this.#error);
    }
    return this.#trailers.promise;
  }
}

/**
 * The response, whose stream is made at the first use. A class, because each object literal with a
 * getter has a hidden class of its own, which stays in memory.
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

/** The reason of an abort as an error. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("aborted");
}
