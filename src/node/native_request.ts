/**
 * The native request of a received message: a `Request` to everybody who looks, which costs less.
 *
 * @module
 */
import { collect, isUnwrapped, unwrap } from "../host/push_body.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Whom a request comes from. */
interface Client {
  /** Why the client is gone, if it is. */
  readonly disconnectReason: Error | undefined;
  /** Is aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** Calls back when the client leaves. */
  onDisconnect(callback: () => void): void;
}

/**
 * Makes the native request of a message.
 *
 * @param body The content, of which one that was pushed is read without its stream.
 */
export function nativeOf(
  url: string,
  method: string,
  body: ReadableStream<Bytes> | null,
  client: Client,
): Request {
  const init: RequestInit & { duplex?: "half" } = { method };
  if (body) [init.body, init.duplex] = [body, "half"];
  followed ??= areFollowed();
  if (!followed) return new Request(url, { ...init, signal: client.signal });
  return new ReceivedRequest(url, init, client);
}

/**
 * A signal that the constructor is given costs more than all the rest: Node keeps it, and what it
 * leads to, until the next full collection. This request makes its signal when it is asked for.
 */
class ReceivedRequest extends Request {
  readonly #client: Client;

  constructor(url: string, init: RequestInit, client: Client) {
    super(url, init);
    this.#client = client;
    const leave = (): void => abortFollowers(super.signal, client.disconnectReason);
    if (client.disconnectReason) leave();
    else client.onDisconnect(leave);
  }

  override get signal(): AbortSignal {
    return this.#client.signal;
  }
  override get bodyUsed(): boolean {
    return super.bodyUsed || isUnwrapped(super.body);
  }
  override clone(): Request {
    const { body } = super.clone();
    const copy = nativeOf(this.url, this.method, body, this.#client);
    for (const [name, value] of this.headers) copy.headers.append(name, value);
    return copy;
  }
  override async arrayBuffer(): Promise<ArrayBuffer> {
    const chunks = await this.#chunks();
    return chunks ? joined(chunks).buffer : super.arrayBuffer();
  }
  override async bytes(): Promise<Bytes> {
    const chunks = await this.#chunks();
    return chunks ? joined(chunks) : super.bytes();
  }
  override async text(): Promise<string> {
    const chunks = await this.#chunks();
    return chunks ? decoded(chunks) : super.text();
  }
  override async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  /** The content, where nobody has touched it. */
  #chunks(): Promise<Bytes[]> | undefined {
    const body = super.body;
    const flow = body && unwrap(body);
    return flow ? collect(flow) : undefined;
  }
}
// It is what it says it is.
Object.defineProperty(ReceivedRequest.prototype, "constructor", { value: Request });

/** Whether requests that are made of one listen for events of its inner signal. */
let followed: boolean | undefined;

function areFollowed(): boolean {
  const inner = new Request("http://localhost/");
  const before = new Request(inner);
  abortFollowers(inner.signal, new Error("tried"));
  return before.signal.aborted && new Request(inner).signal.aborted;
}

/** Aborts `fetch(request)` and `new Request(request)`, which know a signal that nobody can abort. */
function abortFollowers(inner: AbortSignal, reason: unknown): void {
  Object.defineProperties(inner, { aborted: { value: true }, reason: { value: reason } });
  inner.dispatchEvent(new Event("abort"));
}

/** Bytes in a buffer of their own, which is not cleared first. */
function joined(chunks: readonly Bytes[]): Bytes {
  const bytes = Buffer.allocUnsafeSlow(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return new Uint8Array(bytes.buffer);
}

function decoded(chunks: readonly Bytes[]): string {
  const decoder = new TextDecoder();
  const parts = chunks.map((chunk) => decoder.decode(chunk, { stream: true }));
  return parts.join("") + decoder.decode();
}
