/**
 * Relays WebSocket messages between an upstream and a client whose runtime does not hand over the
 * connection.
 *
 * @module
 */
import { closing, frame, messagesOf, OPCODE, WebSocketError } from "./frames.ts";
import type { Tunnel } from "../transport.ts";

/** The client's WebSocket. */
export interface Client {
  /** Sends a message. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Resolves when at most so many bytes wait to be sent, or when the client has disconnected. */
  drained(most: number): Promise<void>;
  /** Closes with a status code; without one, as if the connection were lost. */
  close(code: number | undefined, reason: string): void;
}

/** Passes events of the client to the upstream. */
export interface Relay {
  /** The client has sent a message. */
  message(data: string | Uint8Array): void;
  /** The client has closed or disconnected. */
  closed(code: number, reason: string): void;
}

/** The longest message in both directions, in bytes. */
export const LONGEST_MESSAGE: number = 16 * 1024 * 1024;
/** How many bytes may wait for one side before the other is not read any more. */
const MOST_WAITING = 1024 * 1024;
/** How many bytes may wait for the upstream: the runtimes cannot pause a client. */
const MOST_SENT = 4 * 1024 * 1024;
/** How long an upstream may take to answer a close, in milliseconds. */
const CLOSE_TIMEOUT = 5000;

/** Relays messages until one side closes. */
export function relay({ readable, writable }: Tunnel, client: Client): Relay {
  const writer = writable.getWriter();
  const messages = messagesOf(readable, LONGEST_MESSAGE);
  let waiting = 0;
  let open = true; // to the upstream
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = (opcode: number, data: Uint8Array): void => {
    if (!open) return;
    waiting += data.byteLength;
    writer.write(frame(opcode, data, crypto.getRandomValues(new Uint8Array(4))))
      .then(() => (waiting -= data.byteLength))
      .catch(() => {}); // reading fails with the same error
  };
  const abort = (): void => {
    open = false;
    writer.abort().catch(() => {});
  };
  const closeUpstream = (code: number | undefined, reason: string): void => {
    send(OPCODE.close, closing(code, reason));
    if (open) writer.close().catch(() => {});
    open = false;
    timer ??= setTimeout(abort, CLOSE_TIMEOUT);
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
    // An upstream that sends pings and does not read gets no more pongs.
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
        client.close(1013, "the upstream is too slow");
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
