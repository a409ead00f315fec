/**
 * The content of a request on its way to upstreams.
 *
 * @module
 */
import { type Flow, flowOf, type Sink, streamOf, takeFlow } from "../http/flow.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Who has to act before the request is sent: the client, the upstream, or neither any more. */
export type Awaited = "client" | "upstream" | "nobody";

/** What is told of an upload. */
export interface Watcher {
  /** Content has moved; says who is waited for next. */
  moved(awaited: Awaited): void;
  /** The content is cut. Called before the transport is told, which may take the cut for an end. */
  cut(error: unknown): void;
}

/** How much is kept to be sent again, in bytes. */
const MOST_KEPT = 64 * 1024;
/** How long content that is there already takes to be read, in turns of the microtask queue. */
const TURNS = 12;

/** Content that is sent to one upstream after another until one of them answers. */
export class Upload {
  readonly #content: ReadableStream<Uint8Array>;
  readonly #watcher: Watcher | undefined;
  #source: Flow | undefined;
  /** The attempt that content goes to. */
  #sink: Sink | undefined;
  /** Content from the beginning, for the next attempt. */
  #kept: Bytes[] = [];
  #keeping = true;
  #repeats = false;
  #settled = false;
  /** Whether the attempt takes no more. */
  #dropped = false;
  #count = 0;
  #length = Infinity;
  #state: "open" | "ended" | "failed" = "open";
  #error: unknown;

  constructor(content: ReadableStream<Uint8Array>, watcher?: Watcher) {
    [this.#content, this.#watcher] = [content, watcher];
  }

  /** Keeps what is sent, as far as there is room for it, so that it can be sent again. */
  repeat(): void {
    this.#repeats = true;
  }

  /** Whether another attempt would be sent all of the content. */
  get repeatable(): boolean {
    return this.#keeping && this.#state !== "failed";
  }

  /** The length of content that is there already; `undefined` for any other. */
  async length(): Promise<number | undefined> {
    this.#start();
    for (let turn = 0; turn < TURNS && this.#state === "open"; turn++) await Promise.resolve();
    return this.#state === "ended" ? this.#count : undefined;
  }

  /** From now on, content of another length fails. */
  expect(length: number): void {
    this.#length = length;
    if (this.#count > length) this.#fail(wrong("longer", length));
    else if (this.#state === "ended" && this.#count < length) this.#fail(wrong("shorter", length));
  }

  /** The content for the next attempt; nothing goes to those before. */
  attempt(): ReadableStream<Uint8Array> {
    [this.#sink, this.#dropped] = [undefined, false];
    const flow: Flow = {
      start: (sink) => {
        if (this.#source) this.#replay(sink);
        this.#sink = sink;
        this.#start();
      },
      resume: () => this.#resume(),
      cancel: () => {
        this.#sink = undefined;
        this.#dropped = true;
        if (this.#settled) this.#drop();
      },
    };
    return streamOf(flow);
  }

  /** There will be no further attempt. */
  settle(): void {
    this.#settled = true;
    this.#repeats = false;
    if (this.#sink) this.#release();
    if (this.#dropped) this.#drop();
  }

  /** Lets go of the content. */
  cancel(reason: unknown): void {
    this.#settled = true;
    this.#release();
    if (this.#state !== "open") return;
    [this.#state, this.#error] = ["failed", reason];
    this.#source?.cancel(reason);
    this.#sink?.fail(reason);
  }

  #start(): void {
    if (this.#source) return;
    const content = this.#content as ReadableStream<Bytes>;
    this.#source = takeFlow(content) ?? flowOf(content.getReader());
    this.#source.start({
      write: (chunk) => this.#write(chunk),
      end: () => {
        if (this.#state !== "open") return;
        if (this.#count < this.#length && this.#length !== Infinity) {
          return this.#fail(wrong("shorter", this.#length));
        }
        this.#state = "ended";
        this.#watcher?.moved("nobody");
        this.#sink?.end();
      },
      fail: (error) => this.#fail(error),
    });
  }

  #write(chunk: Bytes): boolean {
    if (this.#state !== "open") return false;
    this.#count += chunk.byteLength;
    if (this.#count > this.#length) {
      const error = wrong("longer", this.#length);
      this.#source?.cancel(error);
      this.#fail(error);
      return false;
    }
    const sink = this.#sink;
    if (this.#keeping) this.#keep(chunk);
    const more = sink ? sink.write(chunk) : this.#count < MOST_KEPT;
    this.#watcher?.moved(more ? "client" : "upstream");
    return more;
  }

  #drop(): void {
    this.cancel(new Error("the upstream takes no more content"));
  }

  #keep(chunk: Bytes): void {
    if (this.#sink && (!this.#repeats || this.#count > MOST_KEPT)) this.#release();
    // A transport may detach the bytes that it is given.
    else this.#kept.push(this.#repeats ? chunk.slice() : chunk);
  }

  #release(): void {
    [this.#keeping, this.#kept] = [false, []];
  }

  #replay(sink: Sink): void {
    const kept = this.#kept;
    if (!this.#repeats || this.#count > MOST_KEPT) this.#release();
    let more = true;
    for (const chunk of kept) more = sink.write(this.#repeats ? chunk.slice() : chunk);
    if (this.#state === "failed") sink.fail(this.#error);
    else if (this.#state === "ended") sink.end();
    else if (more) this.#resume();
    else this.#watcher?.moved("upstream");
  }

  #resume(): void {
    if (this.#state !== "open") return;
    this.#watcher?.moved("client");
    this.#source?.resume();
  }

  #fail(error: unknown): void {
    if (this.#state === "failed") return;
    [this.#state, this.#error] = ["failed", error];
    this.#watcher?.cut(error);
    this.#sink?.fail(error);
  }
}

function wrong(how: "longer" | "shorter", length: number): Error {
  return new Error(`the content is ${how} than its Content-Length, ${length}`);
}
