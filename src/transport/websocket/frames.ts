/**
 * Frames of WebSocket (RFC 6455) as a client reads and writes them.
 *
 * @module
 */

/** A message or control frame of a server. */
export type Message =
  | { readonly type: "text"; readonly data: string }
  | { readonly type: "binary" | "ping" | "pong"; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly type: "close"; readonly code: number | undefined; readonly reason: string };

/** RFC 6455 §5.2. */
export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const CONTINUATION = 0;
const LAST = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
/** The longest content of a control frame, in bytes (RFC 6455 §5.5). */
const LONGEST_CONTROL = 125;

/** The server has violated the protocol. */
export class WebSocketError extends Error {
  override readonly name = "WebSocketError";
  /** The status code to close with (RFC 6455 §7.4.1). */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads messages of a server up to its close or the end of the connection.
 *
 * @param longest The longest message, in bytes.
 * @throws {WebSocketError} When the server violates the protocol.
 */
export async function* messagesOf(
  readable: ReadableStream<Uint8Array>,
  longest: number,
): AsyncGenerator<Message, void, undefined> {
  const take = taker(readable);
  let kind: "text" | "binary" | undefined; // of a message in several frames
  let whole = new Uint8Array();
  let size = 0;
  for (;;) {
    const start = await take(2);
    if (!start) return;
    const [first = 0, second = 0] = start;
    const opcode = first & 0x0f;
    if (first & RESERVED) throw new WebSocketError(1002, "an extension that was not agreed to");
    if (second & MASKED) throw new WebSocketError(1002, "a masked frame from the server");
    const short = second & 0x7f;
    if (opcode >= OPCODE.close && (short > LONGEST_CONTROL || !(first & LAST))) {
      throw new WebSocketError(1002, "a long control frame, or one in parts");
    }
    const length = short < 126 ? short : readLength(await take(short === 126 ? 2 : 8));
    if (length === undefined) return;
    if (length + size > longest) throw new WebSocketError(1009, "the message is too long");
    const data = await take(length);
    if (!data) return;
    if (opcode >= OPCODE.close) {
      const message = control(opcode, data);
      yield message;
      if (message.type === "close") return;
      continue;
    }
    if ((opcode === CONTINUATION) !== (kind !== undefined)) {
      throw new WebSocketError(
        1002,
        "a continuation without a message, or a message within another",
      );
    }
    if (opcode !== CONTINUATION) kind = dataKind(opcode);
    whole = size === 0 ? data : appended(whole, size, data);
    size += length;
    if (!(first & LAST) || !kind) continue;
    const content = whole.subarray(0, size);
    yield kind === "text" ? { type: kind, data: text(content) } : { type: kind, data: content };
    [kind, whole, size] = [undefined, new Uint8Array(), 0];
  }
}

/**
 * A message in one frame.
 *
 * @param mask Four unpredictable bytes (RFC 6455 §5.3).
 */
export function frame(
  opcode: number,
  data: Uint8Array,
  mask: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { length } = data;
  const wide = length > 0xffff ? 8 : length > LONGEST_CONTROL ? 2 : 0;
  const bytes = new Uint8Array(2 + wide + 4 + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = LAST | opcode;
  bytes[1] = MASKED | (wide === 8 ? 127 : wide === 2 ? 126 : length);
  if (wide === 8) view.setBigUint64(2, BigInt(length));
  if (wide === 2) view.setUint16(2, length);
  bytes.set(mask, 2 + wide);
  const start = 6 + wide;
  for (let i = 0; i < length; i++) bytes[start + i] = (data[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return bytes;
}

/** The content of a close frame; empty for a code that must not be sent. */
export function closing(code: number | undefined, reason: string): Uint8Array {
  if (code === undefined || !isSendable(code)) return new Uint8Array();
  const room = new Uint8Array(LONGEST_CONTROL);
  new DataView(room.buffer).setUint16(0, code);
  // A long reason is cut between two characters.
  const { written } = new TextEncoder().encodeInto(reason, room.subarray(2));
  return room.subarray(0, 2 + written);
}

/** RFC 6455 §7.4: 1004 to 1006 and 1015 are never sent. */
function isSendable(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code <= 4999);
}

function control(opcode: number, data: Uint8Array<ArrayBuffer>): Message {
  if (opcode === OPCODE.ping) return { type: "ping", data };
  if (opcode === OPCODE.pong) return { type: "pong", data };
  if (opcode !== OPCODE.close) throw new WebSocketError(1002, "an unknown kind of frame");
  if (data.length === 0) return { type: "close", code: undefined, reason: "" };
  const code = data.length === 1 ? 0 : new DataView(data.buffer, data.byteOffset).getUint16(0);
  if (!isSendable(code)) throw new WebSocketError(1002, "an invalid status code");
  return { type: "close", code, reason: text(data.subarray(2)) };
}

function dataKind(opcode: number): "text" | "binary" {
  if (opcode === OPCODE.text) return "text";
  if (opcode === OPCODE.binary) return "binary";
  throw new WebSocketError(1002, "an unknown kind of frame");
}

function text(data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new WebSocketError(1007, "text that is not UTF-8");
  }
}

function readLength(bytes: Uint8Array<ArrayBuffer> | undefined): number | undefined {
  if (!bytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  // A length that is not exact as a number is over every limit.
  return bytes.length === 2 ? view.getUint16(0) : Number(view.getBigUint64(0));
}

/** Doubles the buffer, so that many small frames are not copied again and again. */
function appended(
  whole: Uint8Array<ArrayBuffer>,
  size: number,
  data: Uint8Array,
): Uint8Array<ArrayBuffer> {
  let roomy = whole;
  if (size + data.length > whole.length) {
    roomy = new Uint8Array(Math.max(2 * whole.length, size + data.length));
    roomy.set(whole.subarray(0, size));
  }
  roomy.set(data, size);
  return roomy;
}

/** A function that reads so many bytes; `undefined` if the connection ends before. */
function taker(
  readable: ReadableStream<Uint8Array>,
): (length: number) => Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = readable.getReader();
  let rest: Uint8Array = new Uint8Array();
  return async (length) => {
    const bytes = new Uint8Array(length);
    let filled = 0;
    for (;;) {
      const more = rest.subarray(0, length - filled);
      bytes.set(more, filled);
      filled += more.length;
      rest = rest.subarray(more.length);
      if (filled === length) return bytes;
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest = value;
    }
  };
}
