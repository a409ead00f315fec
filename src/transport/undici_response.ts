/**
 * A response as undici tells of it.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { type Control, Receiver } from "./pushed_response.ts";
import { watchKept } from "./stale.ts";
import { SHOWN } from "./undici_continue.ts";

/** The part of Node's `Buffer` that is used here. */
interface Bytes {
  toString(encoding: "latin1"): string;
}
type RawFields = readonly (Bytes | string)[] | null | undefined;
type Fields = Readonly<Record<string, string | string[] | undefined>>;

/** What undici's exchanges are held by. */
export interface DispatchController extends Control {
  readonly rawHeaders?: RawFields;
  readonly rawTrailers?: RawFields;
}

/** Is told of one exchange by undici; the names of its methods are undici's. */
export class DispatchHandler {
  readonly #receiver: Receiver;
  /** Looks at the error of a connection that was kept. */
  #onKept: ((error: Error) => void) | undefined;

  constructor(...args: ConstructorParameters<typeof Receiver>) {
    this.#receiver = new Receiver(...args);
  }

  onRequestStart(controller: DispatchController): void {
    onWritten = (socket, isFirst) => {
      if (!isFirst) this.#onKept = watchKept(socket);
    };
    this.#receiver.connected(controller); // undici waits for it before it starts
  }

  onResponseStart(
    { rawHeaders }: DispatchController,
    status: number,
    headers: Fields,
    reason = "",
  ): void {
    if (status !== SHOWN) {
      this.#receiver.responded(status, reason, fieldsOf(rawHeaders, headers));
    }
  }

  onResponseData(_controller: DispatchController, chunk: Uint8Array<ArrayBuffer>): void {
    this.#receiver.received(chunk);
  }

  onResponseEnd({ rawTrailers }: DispatchController, parsed: Fields = {}): void {
    this.#receiver.ended(fieldsOf(rawTrailers, parsed));
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    this.#onKept?.(error);
    this.#receiver.failed(error);
  }
}

/** Is told where a request goes. Undici begins an exchange and writes its head in one turn. */
type OnWritten = (socket: Parameters<typeof watchKept>[0], isFirst: boolean) => void;
let onWritten: OnWritten | undefined;

/** A request was written to a connection. */
export const requestWritten: OnWritten = (socket, isFirst) => {
  onWritten?.(socket, isFirst);
  onWritten = undefined;
};

/** The fields in Latin-1, as Node reads them. */
function fieldsOf(raw: RawFields, parsed: Fields): Field[] {
  const fields: Field[] = [];
  for (const name of Object.keys(parsed)) {
    const values = parsed[name];
    if (typeof values === "string") fields.push([name, values]);
    else for (const value of values ?? []) fields.push([name, value]);
  }
  // Older versions take them for UTF-8.
  return raw && fields.some(([, value]) => !ASCII.test(value)) ? rawFields(raw) : fields;
}

const ASCII = /^[\x20-\x7e]*$/;

function rawFields(raw: NonNullable<RawFields>): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) fields.push([latin1(raw[i]), latin1(raw[i + 1])]);
  return fields;
}

function latin1(bytes: Bytes | string | undefined): string {
  return typeof bytes === "object" ? bytes.toString("latin1") : bytes ?? "";
}
