/**
 * Requests with undici's `Agent`.
 *
 * @module
 */
import { unwrap } from "../host/push_body.ts";
import type { PushBody } from "../host/types.ts";
import type { Field } from "../http/fields.ts";
import { builtin } from "../runtime.ts";
import { type Connect, connector, sendOverKept, watchKept } from "./node_connect.ts";
import { asError, type Control, Receiver } from "./pushed_response.ts";
import {
  type Connection,
  type OutgoingRequest,
  perConnection,
  requestTarget,
  type Transport,
} from "./transport.ts";

type Readable = import("node:stream").Readable;

/** The members of undici's `Agent` that are used here; they are the same in undici 7 and 8. */
export interface AgentConstructor {
  new (options: Readonly<Record<string, unknown>>): Agent;
}
interface Agent {
  dispatch(options: Readonly<Record<string, unknown>>, handler: DispatchHandler): boolean;
}

/** Sends over one agent for each target, which keeps connections for the next request. */
export function undiciSend(Agent: AgentConstructor): Transport["send"] {
  const agentOf = perConnection((connection) =>
    new Agent({
      // The proxy has timers of its own, which know their phase.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 64 * 1024,
      allowH2: false, // see node_http2.ts
      connect: watchedConnector(connection),
    })
  );
  return sendOverKept((request, resolve, reject) => {
    const agent = agentOf(request.connection);
    agent.dispatch(dispatchOptions(request), new DispatchHandler(request, resolve, reject));
  });
}

function dispatchOptions(
  { url, method, host, fields, body }: OutgoingRequest,
): Record<string, unknown> {
  const pushed = body && unwrap(body);
  const { origin } = url;
  const headers = ["host", host];
  for (const [name, value] of fields) headers.push(name, value);
  return {
    origin,
    path: requestTarget(url, origin),
    method,
    headers,
    body: pushed ? readableOf(pushed) : body,
    // Undici would make a new connection for each `Host`; the connector takes the target's name.
    servername: url.hostname,
  };
}

/** Content as a Node stream, which undici takes without a web stream between. */
function readableOf(body: PushBody): Readable {
  let [begun, ended] = [false, false];
  const stream: Readable = new (builtin("node:stream").Readable)({
    read() {
      if (begun) return body.resume();
      begun = true;
      body.start({
        write: (chunk) => this.push(chunk),
        end: () => {
          ended = true;
          this.push(null);
        },
        fail: (error) => void this.destroy(asError(error)),
      });
    },
    destroy(error, done) {
      if (!ended) body.cancel(error);
      done(error);
    },
  });
  // Undici listens only during the request; a later error would be unhandled.
  return stream.on("error", () => {});
}

/** Field lines as undici received them: names and values in turn, as `Buffer` or text. */
type RawFields = readonly { toString(encoding: "latin1"): string }[] | null | undefined;
type Fields = Readonly<Record<string, string | string[] | undefined>>;

/** Undici's controller of one exchange. */
interface DispatchController extends Control {
  readonly rawHeaders?: RawFields;
  readonly rawTrailers?: RawFields;
}

/** The callbacks of one exchange, under the names of undici. */
class DispatchHandler {
  readonly #receiver: Receiver;
  #isStale: ((error: Error) => boolean) | undefined;

  constructor(...args: ConstructorParameters<typeof Receiver>) {
    this.#receiver = new Receiver(...args);
  }

  onRequestStart(controller: DispatchController): void {
    onWritten = (socket, isFirst) => {
      if (!isFirst) this.#isStale = watchKept(socket);
    };
    this.#receiver.connected(controller); // undici waits for it before it writes
  }

  onResponseStart(
    { rawHeaders }: DispatchController,
    status: number,
    headers: Fields,
    reason = "",
  ): void {
    if (status !== SHOWN) {
      this.#receiver.responded(status, reason, fieldLines(rawHeaders, headers));
    }
  }

  onResponseData(_controller: DispatchController, chunk: Uint8Array<ArrayBuffer>): void {
    this.#receiver.received(chunk);
  }

  onResponseEnd({ rawTrailers }: DispatchController, parsed: Fields = {}): void {
    this.#receiver.ended(fieldLines(rawTrailers, parsed));
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    this.#receiver.failed(error, this.#isStale?.(error));
  }
}

/** Called with the connection of the exchange that starts: undici writes its head in the same turn. */
let onWritten: ((socket: Wire, isFirst: boolean) => void) | undefined;

/** The fields in Latin-1, as Node reads them. */
function fieldLines(raw: RawFields, parsed: Fields): Field[] {
  const fields: Field[] = [];
  for (const name of Object.keys(parsed)) {
    const values = parsed[name];
    if (typeof values === "string") fields.push([name, values]);
    else for (const value of values ?? []) fields.push([name, value]);
  }
  // Older versions of undici decode them as UTF-8.
  return raw && fields.some(([, value]) => !ASCII.test(value)) ? rawLines(raw) : fields;
}

const ASCII = /^[\x20-\x7e]*$/;

function rawLines(raw: NonNullable<RawFields>): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    fields.push([raw[i]?.toString("latin1") ?? "", raw[i + 1]?.toString("latin1") ?? ""]);
  }
  return fields;
}

/** The members of a socket through which undici writes requests and reads responses. */
interface Wire {
  readonly bytesRead: number;
  write(chunk: unknown, ...more: unknown[]): boolean;
  read(size?: number): unknown;
}

/**
 * Connections on which undici reads no unexpected `100 Continue`. Some upstreams send one before each
 * response to a POST. Clients ignore it (RFC 9110 §15.2), but undici closes the connection. So its
 * status is changed to another 1xx before undici reads it.
 */
function watchedConnector(connection: Connection): Connect {
  const connect = connector({ ...connection, http2: false });
  return (where, callback) =>
    connect(where, (error, socket) => {
      if (socket) watchWire(socket);
      callback(error, socket);
    });
}

function watchWire(socket: Wire): void {
  const lines = new StatusLines();
  let isFirst = true;
  const [write, read] = [socket.write.bind(socket), socket.read.bind(socket)];
  socket.write = (chunk, ...more) => {
    // Only the head of a request is text of several lines; its content is bytes.
    if (typeof chunk === "string" && chunk.includes(" HTTP/1.1\r\n")) {
      lines.expect();
      onWritten?.(socket, isFirst);
      [onWritten, isFirst] = [undefined, false];
    }
    return write(chunk, ...more);
  };
  socket.read = (size) => {
    const bytes = read(size);
    if (bytes instanceof Uint8Array) lines.read(bytes);
    return bytes;
  };
}

/** The status that undici reads in place of 100. No response has it (RFC 9110 §16.2.1). */
const SHOWN = 109;
/** A status line up to the status, with `d` for a digit. */
const LINE = "HTTP/1.d ddd";
const [ZERO, ONE, NINE, CR, LF] = [48, 49, 57, 13, 10];

/** Reads the bytes of an upstream up to the head of the final response. */
export class StatusLines {
  #state: "line" | "fields" | "rest" = "rest";
  /** The position in the status line. */
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

  /** Whether the byte is the last digit of the status 100. */
  #readLine(byte: number): boolean {
    const at = this.#at++;
    const isDigit = byte >= ZERO && byte <= NINE;
    const fits = LINE[at] === "d" ? isDigit : byte === LINE.charCodeAt(at);
    // A status that begins with 2 to 5 is that of the final response.
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
