/**
 * Requests over undici's `Agent`, from its callbacks straight to a stream.
 *
 * @module
 */
import type { Field } from "../http/connection.ts";
import type { IncomingResponse, OutgoingRequest } from "../proxy/transport.ts";

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
interface DispatchController {
  readonly rawHeaders?: readonly (Bytes | string)[] | null;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}
interface DispatchHandler {
  onRequestStart(controller: DispatchController): void;
  onResponseStart(
    controller: DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    reason?: string,
  ): void;
  onResponseData(controller: DispatchController, chunk: Uint8Array<ArrayBuffer>): void;
  onResponseEnd(controller: DispatchController): void;
  onResponseError(controller: DispatchController, error: Error): void;
}

const OPTIONS = {
  // The proxy has its own timers, which know what they are for.
  headersTimeout: 0,
  bodyTimeout: 0,
  maxHeaderSize: 64 * 1024,
  allowH2: false,
};
/** How much of a response waits in memory for a slow client. */
const HIGH_WATER_MARK = 64 * 1024;

/** Sends over one agent, which keeps connections for the next request. */
export function undiciSend(
  Agent: AgentConstructor,
): (request: OutgoingRequest) => Promise<IncomingResponse> {
  let agent: Agent | undefined;
  return (request) =>
    new Promise((resolve, reject) => {
      agent ??= new Agent(OPTIONS);
      agent.dispatch(dispatchOptions(request), receiver(request.signal, resolve, reject));
    });
}

function dispatchOptions(
  { url, method, host, fields, body }: OutgoingRequest,
): Record<string, unknown> {
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers: ["host", host, ...fields.flat()],
    body,
    // Else the Host field, which may be the client's, would choose the certificate.
    servername: url.protocol === "https:" ? serverName(url.hostname) : null,
  };
}

/** RFC 6066 §3: IP addresses are not named. */
function serverName(hostname: string): string {
  return hostname.startsWith("[") || /^[0-9.]+$/.test(hostname) ? "" : hostname;
}

function receiver(
  signal: AbortSignal,
  resolve: (response: IncomingResponse) => void,
  reject: (reason: Error) => void,
): DispatchHandler {
  let body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined; // until cancelled
  let abort = (): void => {};
  const done = (): void => signal.removeEventListener("abort", abort);
  return {
    onRequestStart(controller) {
      abort = () => controller.abort(reasonOf(signal));
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort);
    },
    onResponseStart(controller, status, headers, reason = "") {
      if (status < 200) return; // 100 and 103 come before the response
      const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (stream) => void (body = stream),
        pull: () => controller.resume(),
        cancel(why) {
          body = undefined;
          controller.abort(why instanceof Error ? why : new Error("cancelled"));
        },
      }, { highWaterMark: HIGH_WATER_MARK, size: (chunk) => chunk.byteLength });
      resolve({ status, reason, fields: fieldsOf(controller, headers), body: stream });
    },
    onResponseData(controller, chunk) {
      body?.enqueue(chunk);
      if ((body?.desiredSize ?? 0) <= 0) controller.pause();
    },
    onResponseEnd() {
      done();
      body?.close();
    },
    onResponseError(_controller, error) {
      done();
      body?.error(error);
      reject(error);
    },
  };
}

/** The fields as they came; Latin-1, as Node reads them. */
function* fieldsOf(
  { rawHeaders }: DispatchController,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Iterable<Field> {
  if (!rawHeaders) {
    for (const [name, values] of Object.entries(headers)) {
      for (const value of [values ?? []].flat()) yield [name, value];
    }
    return;
  }
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    yield [latin1(rawHeaders[i]), latin1(rawHeaders[i + 1])];
  }
}

function latin1(bytes: Bytes | string | undefined): string {
  return typeof bytes === "object" ? bytes.toString("latin1") : bytes ?? "";
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("aborted");
}
