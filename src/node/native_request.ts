/**
 * The native request of a received message: a `Request` in every way, but cheaper to create.
 *
 * @module
 */
import { collect, isUnwrapped, unwrap } from "../host/push_body.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The client of a request. */
interface Client {
  readonly disconnectReason: Error | undefined;
  readonly signal: AbortSignal;
  onDisconnect(callback: () => void): void;
}

/** Creates the native request of a message. */
export function createNativeRequest(
  url: string,
  method: string,
  body: ReadableStream<Bytes> | null,
  client: Client,
): Request {
  const init: RequestInit & { duplex?: "half" } = { method };
  if (body) [init.body, init.duplex] = [body, "half"];
  canAbortFollowers ??= probeFollowers();
  if (!canAbortFollowers) return new Request(url, { ...init, signal: client.signal });
  return new (ReceivedRequest ??= defineReceivedRequest())(url, init, client);
}

/**
 * A request that creates its signal on first use. A signal given to the constructor would cost more
 * than all the rest: Node keeps it, and all that it refers to, until the next full collection.
 * The class is defined when it is needed, because Node loads its `fetch` when `Request` is named.
 */
function defineReceivedRequest(): new (url: string, init: RequestInit, client: Client) => Request {
  class ReceivedRequest extends Request {
    readonly #client: Client;

    constructor(url: string, init: RequestInit, client: Client) {
      super(url, init);
      this.#client = client;
      const abort = (): void => abortFollowers(super.signal, client.disconnectReason);
      if (client.disconnectReason) abort();
      else client.onDisconnect(abort);
    }

    override get signal(): AbortSignal {
      return this.#client.signal;
    }
    override get bodyUsed(): boolean {
      return super.bodyUsed || isUnwrapped(super.body);
    }
    override clone(): Request {
      const { body } = super.clone();
      const copy = createNativeRequest(this.url, this.method, body, this.#client);
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
      return chunks ? new TextDecoder().decode(Buffer.concat(chunks)) : super.text();
    }
    override async json(): Promise<unknown> {
      return JSON.parse(await this.text());
    }

    /** The chunks of an untouched body, read without a stream. */
    #chunks(): Promise<Bytes[]> | undefined {
      const body = super.body;
      const pushed = body && unwrap(body);
      return pushed ? collect(pushed) : undefined;
    }
  }
  // `request.constructor === Request` holds for every native request.
  Object.defineProperty(ReceivedRequest.prototype, "constructor", { value: Request });
  return ReceivedRequest;
}
let ReceivedRequest: ReturnType<typeof defineReceivedRequest> | undefined;

/** Whether requests made of another listen to the `abort` event of its inner signal. */
let canAbortFollowers: boolean | undefined;

function probeFollowers(): boolean {
  const inner = new Request("http://localhost/");
  const before = new Request(inner);
  abortFollowers(inner.signal, new Error("probe"));
  return before.signal.aborted && new Request(inner).signal.aborted;
}

/** Aborts `fetch(request)` and `new Request(request)`: they follow the inner signal. */
function abortFollowers(inner: AbortSignal, reason: unknown): void {
  Object.defineProperties(inner, { aborted: { value: true }, reason: { value: reason } });
  inner.dispatchEvent(new Event("abort"));
}

/** The joined chunks, in a buffer of their own that is not zeroed first. */
function joined(chunks: readonly Bytes[]): Bytes {
  const bytes = Buffer.allocUnsafeSlow(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return new Uint8Array(bytes.buffer);
}
