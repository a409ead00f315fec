/**
 * Requests over Node's own `http` and `https`, for when undici is not installed.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import type { Connection, IncomingResponse, OutgoingRequest, Transport } from "./transport.ts";
import { addressOf, requestTarget } from "./spelling.ts";
import { builtin } from "../runtime.ts";
import { drained } from "./socket_streams.ts";
import { watchKept } from "./stale.ts";
import { serverName, tlsOptions } from "./connect_tls.ts";

type Agent = import("node:http").Agent;
type Message = import("node:http").IncomingMessage;
type Sink = import("node:http").ClientRequest;
type Options = import("node:https").RequestOptions;

/** How much of a response waits in memory for a slow client. */
const HIGH_WATER_MARK = 64 * 1024;
const PLAIN: Connection = {};

/**
 * Sends with `http.request`.
 *
 * @param keeping Whether connections are kept for the next request.
 */
export function httpSend(keeping = true): Transport["send"] {
  const agents = new WeakMap<Connection, Readonly<Record<string, Agent>>>();
  const agentOf = (connection: Connection, protocol: string): Agent | false | undefined => {
    if (!keeping) return false;
    const known = agents.get(connection) ?? {
      "http:": new (builtin("node:http").Agent)({ keepAlive: true }),
      "https:": new (builtin("node:https").Agent)({ keepAlive: true }),
    };
    agents.set(connection, known);
    return known[protocol];
  };
  return (request) =>
    new Promise((resolve, reject) => {
      const { connection = PLAIN, url } = request;
      const agent = agentOf(connection, url.protocol);
      const { signal } = request;
      const sent = begin(request, framing(request), { agent, signal });
      let response: Message | undefined;
      let onKept: ((error: Error) => void) | undefined;
      sent.once("socket", (socket) => {
        if (sent.reusedSocket) onKept = watchKept(socket);
      });
      sent.on("error", (error) => {
        onKept?.(error);
        reject(error);
        // Node takes a reset for the end of content that is delimited by that of the connection.
        response?.destroy(error);
      });
      sent.on("information", ({ statusCode, rawHeaders }) => {
        request.onInformational?.(statusCode, pairs(rawHeaders));
      });
      sent.on("response", (message) => {
        response = message;
        resolve(received(message));
      });
      sent.on("upgrade", (_message, socket) => {
        socket.destroy();
        reject(new Error("the upstream upgraded the connection unasked"));
      });
      writeContent(sent, request).catch((error: Error) => {
        sent.destroy(error); // without the end of the content, the upstream sees that it was cut
        reject(error);
      });
    });
}

/** Begins a request, which has no fields but those of `request` and `more`. */
export function begin(
  { url, method, host, fields, connection = PLAIN, onConnected }: Omit<OutgoingRequest, "signal">,
  more: readonly string[],
  options: Options,
): Sink {
  const secure = url.protocol === "https:";
  const { socketPath } = connection;
  const sent = builtin(secure ? "node:https" : "node:http").request({
    host: addressOf(url.hostname),
    port: url.port || (secure ? 443 : 80),
    path: requestTarget(url),
    method,
    headers: ["host", host, ...fields.flat(), ...more],
    setDefaultHeaders: false,
    maxHeaderSize: 64 * 1024,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(secure
      ? { ...tlsOptions(connection), servername: serverName(connection, url.hostname) }
      : {}),
    ...options,
  });
  if (onConnected) {
    sent.once("socket", (socket) => {
      if (sent.reusedSocket) onConnected();
      else socket.once(secure ? "secureConnect" : "connect", onConnected);
    });
  }
  return sent;
}

/** Without defaults, Node frames content only when a field says how. */
function framing({ fields, body, method }: OutgoingRequest): string[] {
  const sized = fields.some(([name]) => name === "content-length");
  if (body && !sized) return ["transfer-encoding", "chunked"];
  if (!body && !sized && /^(?:POST|PUT|PATCH)$/.test(method)) return ["content-length", "0"];
  return [];
}

/** Writes the content; too much or too little of it is an error, as it is in undici. */
export async function writeContent(
  sent: import("node:stream").Writable,
  { body, fields }: OutgoingRequest,
): Promise<void> {
  if (!body) return void sent.end();
  const length = fields.find(([name]) => name === "content-length");
  let left = length ? Number(length[1]) : Infinity;
  const reader = body.getReader();
  // An upstream that has answered early and gone needs no more of it.
  sent.once("close", () => void reader.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done || sent.destroyed) break;
    left -= value.byteLength;
    if (left < 0) throw new Error("the content is longer than its Content-Length");
    if (!sent.write(value)) await drained(sent);
  }
  if (sent.destroyed) return;
  if (left > 0 && left !== Infinity) {
    throw new Error("the content is shorter than its Content-Length");
  }
  sent.end();
}

/** The response to a request. */
export function received(message: Message): IncomingResponse {
  const trailers = new Promise<readonly Field[]>((resolve) => {
    message.once("end", () => resolve(pairs(message.rawTrailers)));
  });
  return {
    status: message.statusCode ?? 0,
    reason: message.statusMessage ?? "",
    fields: pairs(message.rawHeaders),
    body: stream(message),
    trailers,
  };
}

/** Fields of the flat list in which Node keeps them. */
export function pairs(raw: readonly string[]): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) fields.push([raw[i] ?? "", raw[i + 1] ?? ""]);
  return fields;
}

function stream(message: Message): ReadableStream<Uint8Array> {
  // Not paused before this: a response without content would never end, nor free its connection.
  return new ReadableStream({
    start(controller) {
      message.on("data", (chunk: Uint8Array) => {
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) message.pause();
      });
      message.on("end", () => controller.close());
      // An end without the terminator is an error here, not an end.
      message.on("error", (error) => controller.error(error));
    },
    pull: () => void message.resume(),
    cancel() {
      message.removeAllListeners("data").removeAllListeners("end").destroy();
    },
  }, { highWaterMark: HIGH_WATER_MARK, size: (chunk) => chunk.byteLength });
}
