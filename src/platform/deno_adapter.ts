/**
 * Deno: requests with its `fetch`, WebSockets through `Deno.upgradeWebSocket`, responses from memory
 * without a copy.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { isIdempotent } from "../http/methods.ts";
import { nativeInit } from "../host/make_response.ts";
import type { ResponseHead } from "../host/types.ts";
import { isPermitted } from "../runtime.ts";
import { fetchInit, fromFetch } from "../transport/fetch_transport.ts";
import { httpSend, httpUpgrade } from "../transport/node_http.ts";
import {
  type Connection,
  type OutgoingRequest,
  perConnection,
  type Transport,
  type Tunnel,
} from "../transport/transport.ts";
import type { Upgrader } from "../transport/tunnel.ts";
import { handshakeFields } from "../transport/websocket/handshake.ts";
import { type Client, type Relay, relay } from "../transport/websocket/relay.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The members of `Deno` that are used here. */
interface DenoGlobal {
  createHttpClient(this: void, options: Readonly<Record<string, unknown>>): object;
  upgradeWebSocket(request: Request): { socket: WebSocket; response: Response };
  readonly env: {
    get(name: string): string | undefined;
    set(name: string, value: string): void;
    delete(name: string): void;
  };
}
const deno = (): DenoGlobal => (globalThis as unknown as { Deno: DenoGlobal }).Deno;

/** Sends with Deno's `fetch`, and with its `node:http` what `fetch` would not send right. */
export function denoTransport(): Transport {
  const { createHttpClient } = deno();
  const clientOf = perConnection((connection) =>
    withoutProxies(() =>
      createHttpClient({ ...certificates(connection), allowHost: true, http2: false })
    )
  );
  const sendKept = httpSend();
  const sendOnce = httpSend(false);
  return {
    // Not `http2`: Deno takes a response that was reset with NO_ERROR or CANCEL for a complete one.
    capabilities: new Set(["host", "anyMethod", "tls", "upgrade"]),
    async send(given) {
      const request = withoutEmptyBody(given);
      const { method, body } = request;
      if (!body) {
        // When its connection is lost, fetch repeats a request without content, even one that the
        // upstream has acted on. An agent that keeps no connections does not.
        if (!isIdempotent(method)) return sendOnce(request);
        if (mayBeCoded(request.fields)) return sendKept(request);
      }
      const init = fetchInit({ ...request, fields: uncoded(request) });
      if (body) init.body = bodyOnce(body, request.fields);
      return fromFetch(
        await fetch(request.url, { ...init, client: clientOf(request.connection) } as RequestInit),
      );
    },
    upgrade: httpUpgrade,
  };
}

/** Deno's server gives a stream for an empty body, and its fetch would send that in chunks. */
function withoutEmptyBody(request: OutgoingRequest): OutgoingRequest {
  const empty = request.fields.some(([name, value]) => name === "content-length" && value === "0");
  return empty ? { ...request, body: null } : request;
}

/** Fetch decodes gzip and br, except in responses to a request for `identity` or for a range. */
function uncoded({ fields, host }: OutgoingRequest): readonly Field[] {
  const all: readonly Field[] = [...fields, ["host", host]];
  if (fields.some(([name]) => name === "range")) return all;
  return [...all.filter(([name]) => name !== "accept-encoding"), ["accept-encoding", "identity"]];
}

/** Whether the response may have a coding that fetch would decode. */
function mayBeCoded(fields: readonly Field[]): boolean {
  const accepted = fields.filter(([name]) => name === "accept-encoding");
  const coded = accepted.some(([, value]) => value.trim().toLowerCase() !== "identity");
  return coded && !fields.some(([name]) => name === "range");
}

function certificates({ tls = {} }: Connection): Record<string, unknown> {
  const { ca, cert, key } = tls;
  return {
    ...(ca === undefined ? {} : { caCerts: [ca].flat() }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** The variables of the environment from which Deno takes proxies. */
const PROXIES = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"]
  .flatMap((name) => [name, name.toLowerCase()]);

/**
 * Makes a client that uses no proxy of the environment. Deno reads these variables when it makes a
 * client and has no option against it, so they are removed while it does. No other code runs
 * meanwhile. Variables that the app may not read stay, since to read one would prompt the user.
 */
function withoutProxies<T>(make: () => T): T {
  const { env } = deno();
  const removed = PROXIES.flatMap((variable) => {
    const value = isPermitted({ name: "env", variable }) ? env.get(variable) : undefined;
    return value === undefined ? [] : [[variable, value] as const];
  });
  for (const [name] of removed) env.delete(name);
  try {
    return make();
  } finally {
    for (const [name, value] of removed) env.set(name, value);
  }
}

/** A stream that fetch takes for a file: it trusts the size. */
class StreamBlob extends Blob {
  readonly #stream: ReadableStream<Bytes>;
  readonly #size: number | undefined;

  constructor(stream: ReadableStream<Bytes>, size?: number) {
    super();
    [this.#stream, this.#size] = [stream, size];
  }

  override stream(): ReadableStream<Bytes> {
    return this.#stream;
  }

  override get size(): number {
    return this.#size as number; // without a size, fetch sends the stream in chunks
  }
}

let trusted: boolean | undefined;

/** Whether fetch uses the overridden members; it would send nothing if it did not. */
function trustsBlobs(): boolean {
  const stream: ReadableStream<Bytes> = new ReadableStream();
  return trusted ??= new Response(new StreamBlob(stream, 1)).body === stream;
}

/**
 * The body of a request that fetch sends once and with its length. If it were a plain stream, fetch
 * would repeat a short one that Deno's server has already read when the connection is lost, even for
 * a POST that the upstream has acted on, and would send one made in JavaScript in chunks.
 */
function bodyOnce(
  body: ReadableStream<Uint8Array>,
  fields: readonly Field[],
): ReadableStream | Blob {
  if (!trustsBlobs()) return body;
  const length = fields.find(([name]) => name === "content-length")?.[1];
  const size = length === undefined ? undefined : Number(length);
  return new StreamBlob(body as ReadableStream<Bytes>, size);
}

/** Relays WebSocket messages: Deno does not hand over the connection of the client. */
export function denoUpgrader(request: Request): Upgrader {
  return { relays: true, signals: false, upgrade: (tunnel) => upgradeDeno(request, tunnel) };
}

function upgradeDeno(request: Request, tunnel: Tunnel): Response {
  const { socket, response } = deno().upgradeWebSocket(request);
  for (const [name, value] of handshakeFields(tunnel)) response.headers.append(name, value);
  socket.binaryType = "arraybuffer";
  let relayed: Relay | undefined;
  socket.addEventListener("open", () => (relayed = relay(tunnel, clientOf(socket))));
  socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
    relayed?.message(typeof data === "string" ? data : new Uint8Array(data));
  });
  socket.addEventListener("close", ({ code, reason }) => relayed?.closed(code, reason));
  return response;
}

function clientOf(socket: WebSocket): Client {
  const isOpen = (): boolean => socket.readyState === WebSocket.OPEN;
  return {
    send: (data) => isOpen() ? socket.send(data) : undefined,
    async drained(most) {
      // Deno has no event for it.
      while (isOpen() && socket.bufferedAmount > most) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    close(code, reason) {
      if (!isOpen()) return;
      if (code === 1005) socket.close();
      else socket.close(code ?? 1011, reason);
    },
  };
}

/** How many bytes the stream of a response enqueues at a time: Deno is slower with less or more. */
const CHUNK = 128 * 1024;

/** The bytes of a response, and whether only the server can have read them. */
interface Lent {
  readonly bytes: Bytes;
  unseen: boolean;
}

let LentResponse: ReturnType<typeof lentResponseClass> | undefined;

/**
 * A response whose bytes Deno sends without a copy, as it does with the chunks of a stream. Code that
 * reads the body gets copies, which it may change.
 */
export function denoResponse(bytes: Bytes, head: ResponseHead): Response {
  const lent = { bytes, unseen: true };
  return new (LentResponse ??= lentResponseClass())(lent, head);
}

/** Makes the class when it is needed: Node takes 50 ms for the first access to `Response`. */
function lentResponseClass(): new (lent: Lent, head: ResponseHead) => Response {
  return class extends Response {
    readonly #lent: Lent;

    constructor(lent: Lent, head: ResponseHead) {
      super(streamOf(lent), nativeInit(lent.bytes, head));
      this.#lent = lent;
    }

    override get body(): ReadableStream<Bytes> | null {
      this.#lent.unseen = false;
      return super.body;
    }

    override clone(): Response {
      this.#lent.unseen = false;
      return super.clone();
    }
  };
}

function streamOf(lent: Lent): ReadableStream<Bytes> {
  const { bytes } = lent;
  let at = 0;
  return new ReadableStream<Bytes>({
    pull(controller) {
      const end = Math.min(at + CHUNK, bytes.length);
      controller.enqueue(lent.unseen ? bytes.subarray(at, end) : bytes.slice(at, end));
      at = end;
      if (at === bytes.length) controller.close();
    },
  }, { highWaterMark: 0 });
}
