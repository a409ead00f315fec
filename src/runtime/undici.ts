/**
 * Requests over undici's `Agent`, from its callbacks straight to a stream.
 *
 * @module
 */
import type { Field } from "../http/connection.ts";
import type {
  Connection,
  IncomingResponse,
  OutgoingRequest,
  Transport,
} from "../proxy/transport.ts";
import { requestTarget } from "./address.ts";
import { connector } from "./node_connect.ts";

/** The part of undici's `Agent` that is used here; the same in undici 7 and 8. */
export interface AgentConstructor {
  new (options: Readonly<Record<string, unknown>>): Agent;
}
interface Agent {
  dispatch(options: Readonly<Record<string, unknown>>, handler: DispatchHandler): boolean;
}
/** The part of Node's `Buffer` that is used here. */
interface Bytes {
  toString(encoding: "latin1"): string;
}
type RawFields = readonly (Bytes | string)[] | null | undefined;
type Fields = Readonly<Record<string, string | string[] | undefined>>;
interface DispatchController {
  readonly rawHeaders?: RawFields;
  readonly rawTrailers?: RawFields;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}
interface DispatchHandler {
  onRequestStart(controller: DispatchController): void;
  onResponseStart(
    controller: DispatchController,
    status: number,
    headers: Fields,
    reason?: string,
  ): void;
  onResponseData(controller: DispatchController, chunk: Uint8Array<ArrayBuffer>): void;
  onResponseEnd(controller: DispatchController, trailers?: Fields): void;
  onResponseError(controller: DispatchController, error: Error): void;
}

/** How much of a response waits in memory for a slow client. */
const HIGH_WATER_MARK = 64 * 1024;
const PLAIN: Connection = {};

/** Sends over one agent for each target, which keeps connections for the next request. */
export function undiciSend(Agent: AgentConstructor): Transport["send"] {
  const agents = new WeakMap<Connection, Agent>();
  const agentOf = (connection: Connection): Agent => {
    const known = agents.get(connection);
    if (known) return known;
    const agent = new Agent({
      // The proxy has its own timers, which know what they are for.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 64 * 1024,
      allowH2: Boolean(connection.http2),
      connect: connector(connection),
    });
    agents.set(connection, agent);
    return agent;
  };
  return (request) =>
    new Promise((resolve, reject) => {
      const agent = agentOf(request.connection ?? PLAIN);
      agent.dispatch(dispatchOptions(request), receiver(request, resolve, reject));
    });
}

function dispatchOptions(
  { url, method, host, fields, body }: OutgoingRequest,
): Record<string, unknown> {
  return {
    origin: url.origin,
    path: requestTarget(url),
    method,
    headers: ["host", host, ...fields.flat()],
    body,
    // Undici would make a new connection for each Host field; the connector knows the real name.
    servername: url.hostname,
  };
}

function receiver(
  { signal, onInformation }: OutgoingRequest,
  resolve: (response: IncomingResponse) => void,
  reject: (reason: Error) => void,
): DispatchHandler {
  let body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined; // until cancelled
  let abort = (): void => {};
  const done = (): void => signal.removeEventListener("abort", abort);
  const trailers = Promise.withResolvers<readonly Field[]>();
  trailers.promise.catch(() => {}); // the content fails in the same way
  return {
    onRequestStart(controller) {
      abort = () => controller.abort(reasonOf(signal));
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort);
    },
    onResponseStart(controller, status, headers, reason = "") {
      const fields = fieldsOf(controller.rawHeaders, headers);
      if (status < 200) return onInformation?.(status, [...fields]);
      const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (stream) => void (body = stream),
        pull: () => controller.resume(),
        cancel(why) {
          body = undefined;
          controller.abort(why instanceof Error ? why : new Error("cancelled"));
        },
      }, { highWaterMark: HIGH_WATER_MARK, size: (chunk) => chunk.byteLength });
      resolve({ status, reason, fields, body: stream, trailers: trailers.promise });
    },
    onResponseData(controller, chunk) {
      body?.enqueue(chunk);
      if ((body?.desiredSize ?? 0) <= 0) controller.pause();
    },
    onResponseEnd(controller, parsed = {}) {
      done();
      trailers.resolve([...fieldsOf(controller.rawTrailers, parsed)]);
      body?.close();
    },
    onResponseError(_controller, error) {
      done();
      trailers.reject(error);
      body?.error(error);
      reject(error);
    },
  };
}

/** The fields as they came; Latin-1, as Node reads them. */
function* fieldsOf(raw: RawFields, parsed: Fields): Iterable<Field> {
  // HTTP/2 has its fields parsed already; a Buffer would be one, too.
  if (!Array.isArray(raw)) {
    for (const [name, values] of Object.entries(parsed)) {
      if (name.startsWith(":")) continue;
      for (const value of [values ?? []].flat()) yield [name, value];
    }
    return;
  }
  for (let i = 0; i + 1 < raw.length; i += 2) yield [latin1(raw[i]), latin1(raw[i + 1])];
}

function latin1(bytes: Bytes | string | undefined): string {
  return typeof bytes === "object" ? bytes.toString("latin1") : bytes ?? "";
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("aborted");
}
