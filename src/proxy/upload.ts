/**
 * The content of a request on its way to upstreams.
 *
 * @module
 */
import { readsMemoryInMicrotasks } from "../runtime.ts";
import { hostRequestOf } from "../host/host_request.ts";
import { toPushBody, toReadableStream, unwrap } from "../host/push_body.ts";
import type { BodySink, PushBody } from "../host/types.ts";
import type { OutgoingRequest } from "../transport/transport.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Who has to act before the request is sent completely: the client, the upstream, or neither. */
export type Awaited = "client" | "upstream" | "neither";

/** Watches the content of a request. */
export interface UploadMonitor {
  /** Content has moved: the time for the response begins again. */
  moved(awaited: Awaited): void;
  /** The content has failed: aborts the exchange. */
  abort(reason: unknown): void;
}

/** How much content is kept for another attempt, in bytes. */
const MAX_KEPT = 256 * 1024;
/** How much content is read to find its length, in bytes: a stream may never end. */
const MAX_AHEAD = 8 * 1024 * 1024;
/** Microtasks that reading content from memory may take: a form with many fields takes most. */
const MICROTASKS = 64;
/** Turns of the event loop that it may take, where a native stream or a `Blob` is read by them. */
const TURNS = 3;

/** Content that is sent to one upstream after another until one of them answers. */
export class Upload {
  readonly #content: ReadableStream<Uint8Array>;
  readonly #monitor: UploadMonitor | undefined;
  #source: PushBody | undefined;
  #attempts = 0;
  /** Where the content of the current attempt goes. */
  #sink: BodySink | undefined;
  /** Content from the beginning, for another attempt. */
  #kept: Bytes[] = [];
  #keeping = true;
  #repeats = false;
  #settled = false;
  /** Whether the current attempt takes no more content. */
  #dropped = false;
  /** Whether content is read to find its length before an attempt. */
  #looking = false;
  #count = 0;
  #length: number | undefined;
  #state: "open" | "ended" | "failed" = "open";
  #error: unknown;

  constructor(content: ReadableStream<Uint8Array>, monitor?: UploadMonitor) {
    [this.#content, this.#monitor] = [content, monitor];
  }

  /** Keeps content that is sent, up to a limit, for another attempt. */
  repeat(): void {
    this.#repeats = true;
  }

  /** Whether another attempt would get all of the content. */
  get repeatable(): boolean {
    return this.#keeping && this.#state !== "failed";
  }

  /** The length of content that is in memory; `undefined` for other content. */
  async length(): Promise<number | undefined> {
    this.#looking = true;
    this.#start();
    for (let i = 0; i < MICROTASKS && this.#isOpen; i++) await Promise.resolve();
    // Deno and Bun read memory in microtasks alone, and every request with content comes here.
    const turns = readsMemoryInMicrotasks() ? 0 : TURNS;
    for (let i = 0; i < turns && this.#isOpen; i++) {
      await new Promise<void>((resolve) => void setTimeout(resolve, 0));
    }
    this.#looking = false;
    return this.#state === "ended" ? this.#count : undefined;
  }

  /** Lets content of another length fail. */
  expect(length: number): void {
    this.#length = length;
    this.#check(this.#state === "ended");
  }

  /** The content for the next attempt. It replaces the attempts before it. */
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

  /** There is no further attempt. */
  settle(): void {
    this.#settled = true;
    this.#repeats = false;
    if (this.#sink) this.#release();
    if (this.#dropped) this.#drop();
  }

  /** Cancels the content. */
  cancel(reason: unknown): void {
    this.#settled = true;
    this.#release();
    if (!this.#isOpen) return;
    [this.#state, this.#error] = ["failed", reason];
    this.#source?.cancel(reason);
    this.#sink?.fail(reason);
  }

  get #isOpen(): boolean {
    return this.#state === "open";
  }

  #start(): void {
    if (this.#source) return;
    const content = this.#content as ReadableStream<Bytes>;
    this.#source = unwrap(content) ?? toPushBody(content.getReader());
    this.#source.start({
      write: (chunk) => this.#write(chunk),
      end: () => {
        if (!this.#isOpen || !this.#check(true)) return;
        this.#state = "ended";
        this.#monitor?.moved("neither");
        this.#sink?.end();
      },
      fail: (error) => this.#fail(error),
    });
  }

  #write(chunk: Bytes): boolean {
    if (!this.#isOpen) return false;
    const isFirst = this.#count === 0;
    this.#count += chunk.byteLength;
    if (!this.#check(false)) return false;
    const sink = this.#sink;
    if (this.#keeping) this.#keep(chunk);
    const more = sink ? sink.write(chunk) : this.#looking && (isFirst || this.#count < MAX_AHEAD);
    this.#monitor?.moved(more ? "client" : "upstream");
    return more;
  }

  #drop(): void {
    this.cancel(new Error("the upstream takes no more content"));
  }

  #keep(chunk: Bytes): void {
    if (this.#sink && (!this.#repeats || this.#count > MAX_KEPT)) this.#release();
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
    else this.#monitor?.moved("upstream");
  }

  #resume(): void {
    if (!this.#isOpen) return;
    this.#monitor?.moved("client");
    this.#source?.resume();
  }

  #fail(error: unknown): void {
    if (this.#state === "failed") return;
    [this.#state, this.#error] = ["failed", error];
    // First: a transport may take the failure of its content for the end.
    this.#monitor?.abort(error);
    this.#sink?.fail(error);
  }

  /** Whether the length can still be the expected one. Else the content fails. */
  #check(isWhole: boolean): boolean {
    const [count, length = count] = [this.#count, this.#length];
    if (count === length || (count < length && !isWhole)) return true;
    const error = new Error(`the content is not as long as its Content-Length, ${length}`);
    this.#source?.cancel(error);
    this.#fail(error);
    return false;
  }
}

/**
 * Corrects the length of content that code in front of the proxy, or a hook, has made: a
 * `Content-Length` that it copied belongs to other content. Content from a host has its own length.
 *
 * @param body The content of `upload`; a hook may have replaced it.
 */
export async function withContentLength(
  outgoing: OutgoingRequest,
  body: ReadableStream<Uint8Array> | null,
  upload: Upload | undefined,
  request: Request,
): Promise<OutgoingRequest> {
  if (!outgoing.body || (outgoing.body === body && isUnchanged(request))) return outgoing;
  const own = outgoing.body === body ? upload : undefined;
  const content = own ?? new Upload(outgoing.body);
  const length = await content.length();
  const declared = outgoing.fields.find(([name]) => name === "content-length")?.[1];
  if (length === undefined && declared !== undefined) content.expect(Number(declared));
  const others = outgoing.fields.filter(([name]) => name !== "content-length");
  const fields = length === undefined || declared === String(length)
    ? outgoing.fields
    : [...others, ["content-length", String(length)] as const];
  return { ...outgoing, fields, body: own ? outgoing.body : content.attempt() };
}

/** Whether the content comes from a host, or must not be read before it is sent. */
function isUnchanged(request: Request): boolean {
  const { headers } = request;
  return hostRequestOf(request) !== undefined || headers.has("transfer-encoding") ||
    headers.has("expect");
}
