/**
 * A response as undici tells of it: its content is pushed on as it comes.
 *
 * @module
 */
import type { Field } from "../http/connection.ts";
import { type Flow, type Sink, streamOf } from "../http/flow.ts";
import type { IncomingResponse, OutgoingRequest, PushedResponse } from "../proxy/transport.ts";

/** The part of Node's `Buffer` that is used here. */
interface Bytes {
  toString(encoding: "latin1"): string;
}
type RawFields = readonly (Bytes | string)[] | null | undefined;
type Fields = Readonly<Record<string, string | string[] | undefined>>;
type Chunk = Uint8Array<ArrayBuffer>;

/** What undici's exchanges are held by. */
export interface DispatchController {
  readonly rawHeaders?: RawFields;
  readonly rawTrailers?: RawFields | Fields;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/** How much of a response waits in memory until somebody wants it. */
const MOST_WAITING = 64 * 1024;

/** Is told of one exchange by undici; the names of its methods are undici's. */
export class Receiver implements Flow {
  readonly #request: OutgoingRequest;
  readonly #resolve: (response: IncomingResponse) => void;
  readonly #reject: (reason: Error) => void;
  #controller: DispatchController | undefined;
  #sink: Sink | undefined;
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

  onRequestStart(controller: DispatchController): void {
    this.#controller = controller;
    const { signal } = this.#request;
    if (signal.aborted) return this.#leave();
    signal.addEventListener("abort", this.#leave);
    this.#request.onConnected?.(); // undici waits for it before it starts
  }

  onResponseStart(
    controller: DispatchController,
    status: number,
    headers: Fields,
    reason = "",
  ): void {
    const fields = fieldsOf(controller.rawHeaders, headers);
    if (status < 200) return this.#request.onInformation?.(status, fields);
    this.#resolve(new Pushed(this, status, reason, fields));
  }

  onResponseData(controller: DispatchController, chunk: Chunk): void {
    if (this.#state !== "open") return;
    if (this.#sink) {
      if (!this.#sink.write(chunk)) controller.pause();
      return;
    }
    this.#waiting.push(chunk);
    this.#size += chunk.byteLength;
    if (this.#size >= MOST_WAITING) controller.pause();
  }

  onResponseEnd(controller: DispatchController, parsed: Fields = {}): void {
    this.#request.signal.removeEventListener("abort", this.#leave);
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#trailerFields = fieldsOf(controller.rawTrailers, parsed);
    this.#trailers?.resolve(this.#trailerFields);
    this.#sink?.end();
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    this.#request.signal.removeEventListener("abort", this.#leave);
    this.#reject(error);
    this.#error = error;
    this.#trailers?.reject(error);
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#sink?.fail(error);
  }

  readonly #leave = (): void => {
    if (this.#state === "open") this.#controller?.abort(asError(this.#request.signal.reason));
  };

  start(sink: Sink): void {
    this.#sink = sink;
    const waiting = this.#waiting;
    this.#waiting = [];
    let more = true;
    for (const chunk of waiting) more = sink.write(chunk);
    if (this.#state === "ended") sink.end();
    else if (this.#state === "failed") sink.fail(this.#error);
    else if (!more) this.#controller?.pause();
    else if (this.#size >= MOST_WAITING) this.#controller?.resume();
    // Who waits for events wants to know that there is somebody to wait for.
    else if (waiting.length === 0) sink.flush?.();
  }

  whole(): Chunk | undefined {
    const [chunk, ...more] = this.#waiting;
    const follows = more.length > 0 || this.#trailerFields.length > 0;
    return this.#state === "ended" && !follows ? chunk : undefined;
  }

  resume(): void {
    if (this.#state === "open") this.#controller?.resume();
  }

  cancel(reason: unknown): void {
    this.#waiting = [];
    if (this.#state !== "open") return;
    this.#state = "cancelled";
    this.#controller?.abort(asError(reason));
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
    return this.#body ??= streamOf(this.flow);
  }
  get trailers(): Promise<readonly Field[]> {
    return this.flow.trailers;
  }
}

/** The fields in Latin-1, as Node reads them. */
function fieldsOf(raw: RawFields | Fields, parsed: Fields): Field[] {
  // Undici 7 has the trailer fields of HTTP/2 where the raw ones are.
  const given = raw && !isRaw(raw) ? raw : parsed;
  const fields: Field[] = [];
  for (const name of Object.keys(given)) {
    if (name.startsWith(":")) continue;
    const values = given[name];
    if (typeof values === "string") fields.push([name, values]);
    else for (const value of values ?? []) fields.push([name, value]);
  }
  // Older versions take them for UTF-8.
  return isRaw(raw) && fields.some(([, value]) => !ASCII.test(value)) ? rawFields(raw) : fields;
}

const ASCII = /^[\x20-\x7e]*$/;

/** A Buffer would be an object with fields, too. */
function isRaw(fields: RawFields | Fields): fields is NonNullable<RawFields> {
  return Array.isArray(fields);
}

function rawFields(raw: NonNullable<RawFields>): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) fields.push([latin1(raw[i]), latin1(raw[i + 1])]);
  return fields;
}

function latin1(bytes: Bytes | string | undefined): string {
  return typeof bytes === "object" ? bytes.toString("latin1") : bytes ?? "";
}

/** What undici can be told. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("aborted");
}
