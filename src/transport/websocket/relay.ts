/**
 * WebSocket messages between a client whose connection the runtime keeps to itself and an upstream.
 *
 * @module
 */
import type { Field } from "../../http/fields.ts";
import { closing, frame, messagesOf, OPCODE, WebSocketError } from "./frames.ts";
import type { Tunnel } from "../transport.ts";

/** The client, as the runtime shows it. */
export interface Client {
  /** Sends a message. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Resolves when less than that many bytes wait to be sent, or when the client has gone. */
  drained(most: number): Promise<void>;
  /** Closes with a code; without one, as when the connection was lost. */
  close(code: number | undefined, reason: string): void;
}

/** What the client does. */
export interface Relay {
  /** It has sent a message. */
  message(data: string | Uint8Array): void;
  /** It has closed, or has gone. */
  closed(code: number, reason: string): void;
}

/** The most bytes that a message may have, either way. */
export const LONGEST_MESSAGE: number = 16 * 1024 * 1024;
/** How many bytes may wait for one side before the other is no longer read. */
const MOST_WAITING = 1024 * 1024;
/** How many may wait for the upstream: the runtimes cannot stop reading a client. */
const MOST_SENT = 4 * 1024 * 1024;
/** How long an upstream may take to answer a close, in milliseconds. */
const PATIENCE = 5000;

/** The fields of the upstream's response for the client, whose handshake the runtime makes. */
export function handshakeFields({ fields }: Tunnel): Field[] {
  return [...fields].filter(([name]) => {
    return !/^(?:sec-websocket-(?:accept|extensions)|content-length|date)$/i.test(name);
  });
}

/** Relays messages until one side closes. */
export function relay({ readable, writable }: Tunnel, client: Client): Relay {
  const writer = writable.getWriter();
  const messages = messagesOf(readable, LONGEST_MESSAGE);
  let waiting = 0;
  let open = true; // towards the upstream
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = (opcode: number, data: Uint8Array): void => {
    if (!open) return;
    waiting += data.byteLength;
    writer.write(frame(opcode, data, crypto.getRandomValues(new Uint8Array(4))))
      .then(() => (waiting -= data.byteLength))
      .catch(() => {}); // reading fails, too
  };
  const abort = (): void => {
    open = false;
    writer.abort().catch(() => {});
  };
  const closeUpstream = (code: number | undefined, reason: string): void => {
    send(OPCODE.close, closing(code, reason));
    if (open) writer.close().catch(() => {});
    open = false;
    timer ??= setTimeout(abort, PATIENCE);
  };

  const receive = async (): Promise<void> => {
    for await (const message of messages) {
      if (message.type === "close") {
        client.close(message.code ?? 1005, message.reason);
        return closeUpstream(message.code, "");
      }
      if (message.type === "ping") answerPing(message.data);
      else if (message.type !== "pong") {
        client.send(message.data);
        await client.drained(MOST_WAITING);
      }
    }
    client.close(undefined, "");
  };
  const answerPing = (data: Uint8Array): void => {
    // An upstream that asks and does not listen gets no more answers.
    if (waiting <= MOST_WAITING) send(OPCODE.pong, data);
  };
  receive().catch((error: unknown) => {
    const code = error instanceof WebSocketError ? error.code : undefined;
    if (code !== undefined) closeUpstream(code, "");
    client.close(code === undefined ? undefined : 1011, "");
  }).finally(() => {
    clearTimeout(timer);
    abort();
  });

  return {
    message(data) {
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
      if (waiting > MOST_SENT) {
        client.close(1013, "the upstream does not keep up");
        return abort();
      }
      send(typeof data === "string" ? OPCODE.text : OPCODE.binary, bytes);
    },
    closed(code, reason) {
      if (code === 0 || code === 1006) abort();
      else closeUpstream(code, reason);
    },
  };
}
