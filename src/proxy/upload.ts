/**
 * The content of a request on its way to upstreams.
 *
 * @module
 */
import { toPushBody, toReadableStream, unwrap } from "../host/push_body.ts";
import type { BodySink, PushBody } from "../host/types.ts";
import { whileInMemory } from "./in_memory.ts";

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
const MOST_KEPT = 256 * 1024;
/** How much is read to find the end before anything is sent, in bytes: a stream may have none. */
const MOST_AHEAD = 8 * 1024 * 1024;

/** Content that is sent to one upstream after another until one of them answers. */
export class Upload {
  readonly #content: ReadableStream<Uint8Array>;
  readonly #watcher: Watcher | undefined;
  #source: PushBody | undefined;
  #attempts = 0;
  /** The attempt that content goes to. */
  #sink: BodySink | undefined;
  /** Content from the beginning, for the next attempt. */
  #kept: Bytes[] = [];
  #keeping = true;
  #repeats = false;
  #settled = false;
  /** Whether the attempt takes no more. */
  #dropped = false;
  /** Whether the end is looked for before there is an attempt. */
  #looking = false;
  #count = 0;
  #length: number | undefined;
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

  /** The length of content that is in memory already; `undefined` for any other. */
  async length(): Promise<number | undefined> {
    this.#looking = true;
    this.#start();
    await whileInMemory(() => this.#state === "open");
    this.#looking = false;
    return this.#state === "ended" ? this.#count : undefined;
  }

  /** From now on, content of another length fails. */
  expect(length: number): void {
    this.#length = length;
    this.#check(this.#state === "ended");
  }

  /** The content for the next attempt; nothing goes to those before, nor do they have a say. */
  attempt(): ReadableStream<Uint8Array> {
    const number = ++this.#attempts;
    const isOver = (): boolean => number !== this.#attempts;
    [this.#sink, this.#dropped] = [undefined, false];
    return toReadableStream({
      start: (sink) => {
        if (isOver()) return sink.fail(new Error("the content goes to another attempt"));
        this.#sink = sink;
        if (this.#source || this.#state === "failed") this.#replay(sink);
        else this.#start();
      },
      resume: () => {
        if (!isOver()) this.#resume();
      },
      cancel: () => {
        if (isOver()) return;
        [this.#sink, this.#dropped] = [undefined, true];
        if (this.#settled) this.#drop();
      },
    });
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
    this.#source = unwrap(content) ?? toPushBody(content.getReader());
    this.#source.start({
      write: (chunk) => this.#write(chunk),
      end: () => {
        if (this.#state !== "open" || !this.#check(true)) return;
        this.#state = "ended";
        this.#watcher?.moved("nobody");
        this.#sink?.end();
      },
      fail: (error) => this.#fail(error),
    });
  }

  #write(chunk: Bytes): boolean {
    if (this.#state !== "open") return false;
    const isFirst = this.#count === 0;
    this.#count += chunk.byteLength;
    if (!this.#check(false)) return false;
    const sink = this.#sink;
    if (this.#keeping) this.#keep(chunk);
    const more = sink ? sink.write(chunk) : this.#looking && (isFirst || this.#count < MOST_AHEAD);
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

  #replay(sink: BodySink): void {
    const kept = this.#kept;
    if (!this.#repeats) this.#release();
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

  /** Whether the length can still be what is expected. */
  #check(isWhole: boolean): boolean {
    const [count, length = count] = [this.#count, this.#length];
    if (count === length || (count < length && !isWhole)) return true;
    const error = new Error(`the content is not as long as its Content-Length, ${length}`);
    this.#source?.cancel(error);
    this.#fail(error);
    return false;
  }
}
