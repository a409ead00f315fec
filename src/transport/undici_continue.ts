/**
 * `100 Continue` that nobody asked for. Some upstreams send it before each response to a POST, and
 * clients ignore it (RFC 9110 §15.2), but undici closes the connection. So its status line is made
 * that of another 1xx response before undici reads it.
 *
 * @module
 */

/** The status that undici is shown in place of 100. No response has it (RFC 9110 §16.2.1). */
export const SHOWN = 109;

/** A status line up to the status, with `d` for a digit. */
const LINE = "HTTP/1.d ddd";
const [ZERO, ONE, NINE, CR, LF] = [48, 49, 57, 13, 10];

/** Reads what an upstream sends, as far as the heads of responses go. */
export class StatusLines {
  #state: "line" | "fields" | "rest" = "rest";
  /** How far into the status line. */
  #at = 0;
  /** Whether the second digit of the status is 0. */
  #tens = false;
  #emptyLine = false;

  /** A request was sent: a status line comes next. */
  expect(): void {
    [this.#state, this.#at] = ["line", 0];
  }

  /** Reads bytes, and changes a status of 100 in place. */
  read(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length && this.#state !== "rest"; i++) {
      const byte = bytes[i] as number;
      if (this.#state === "fields") this.#readField(byte);
      else if (this.#readLine(byte)) bytes[i] = NINE;
    }
  }

  /** Whether the byte is the last one of the status 100. */
  #readLine(byte: number): boolean {
    const at = this.#at++;
    const isDigit = byte >= ZERO && byte <= NINE;
    const fits = LINE[at] === "d" ? isDigit : byte === LINE.charCodeAt(at);
    // What begins with 2 to 5 is the final response.
    if (!fits || (at === 9 && byte !== ONE)) {
      this.#state = "rest";
      return false;
    }
    if (at === 10) this.#tens = byte === ZERO;
    if (at < LINE.length - 1) return false;
    [this.#state, this.#emptyLine] = ["fields", false];
    return this.#tens && byte === ZERO;
  }

  #readField(byte: number): void {
    if (byte === LF && this.#emptyLine) this.expect();
    else if (byte !== CR) this.#emptyLine = byte === LF;
  }
}

/** The part of a socket that undici writes requests to and reads responses from. */
interface Wire {
  readonly bytesRead: number;
  write(chunk: unknown, ...more: unknown[]): boolean;
  read(size?: number): unknown;
}

/**
 * Lets undici see no 100 on a connection that has one request at a time.
 *
 * @param onRequest Is told of each request that is written, and whether it is the first.
 */
export function hideContinue(socket: Wire, onRequest: (isFirst: boolean) => void): void {
  const lines = new StatusLines();
  let isFirst = true;
  const [write, read] = [socket.write.bind(socket), socket.read.bind(socket)];
  socket.write = (chunk, ...more) => {
    // Only the head of a request is text of several lines; its content is bytes.
    if (typeof chunk === "string" && chunk.includes(" HTTP/1.1\r\n")) {
      lines.expect();
      onRequest(isFirst);
      isFirst = false;
    }
    return write(chunk, ...more);
  };
  socket.read = (size) => {
    const bytes = read(size);
    if (bytes instanceof Uint8Array) lines.read(bytes);
    return bytes;
  };
}
