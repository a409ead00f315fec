/**
 * Requests and upgrades with `node:http` and `node:https`, which Node, Deno and Bun have.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { MOST_CONTENT } from "../http/upgrade.ts";
import { builtin } from "../runtime.ts";
import { addressOf, sendOverKept, serverName, tlsOptions, watchKept } from "./node_connect.ts";
import {
  type IncomingResponse,
  type OutgoingRequest,
  perConnection,
  requestTarget,
  type Transport,
  type Tunnel,
} from "./transport.ts";
import { drained, streamsOf } from "./tunnel.ts";

type ClientRequest = import("node:http").ClientRequest;
type IncomingMessage = import("node:http").IncomingMessage;

/** How many bytes of a response wait in memory for a slow client. */
const HIGH_WATER_MARK = 64 * 1024;

/**
 * Sends with `http.request`.
 *
 * @param keepAlive Whether connections are kept for the next request.
 */
export function httpSend(keepAlive = true): Transport["send"] {
  const agentsOf = perConnection(() => ({
    "http:": new (builtin("node:http").Agent)({ keepAlive: true }),
    "https:": new (builtin("node:https").Agent)({ keepAlive: true }),
  }));
  return sendOverKept((request, resolve, reject) => {
    const { connection, url, signal } = request;
    const agent = keepAlive && agentsOf(connection)[url.protocol as "http:" | "https:"];
    const sent = begin(request, framing(request), { agent, signal });
    let response: IncomingMessage | undefined;
    let isStale: ((error: Error) => boolean) | undefined;
    sent.once("socket", (socket) => {
      if (sent.reusedSocket) isStale = watchKept(socket);
    });
    sent.on("error", (error) => {
      reject(error, isStale?.(error));
      // Node takes a reset for the regular end of content that ends with its connection.
      response?.destroy(error);
    });
    sent.on("response", (message) => {
      response = message;
      resolve(responseOf(message));
    });
    sent.on("upgrade", (_message, socket) => {
      socket.destroy();
      reject(new Error("the upstream upgraded the connection without a request to do so"));
    });
    writeContent(sent, request).catch((error: Error) => {
      sent.destroy(error); // without the end of the content, so that it does not look complete
      reject(error);
    });
  });
}

/** Sends a request to upgrade, over a connection of its own. */
export async function httpUpgrade(request: OutgoingRequest): Promise<Tunnel | IncomingResponse> {
  // Sent as a whole: an upstream may agree before it has read the content, and the tunnel begins
  // behind it.
  const content = request.body ? await collect(request.body) : new Uint8Array();
  const framing = upgradeFraming(request, content.byteLength);
  return await new Promise((resolve, reject) => {
    const { signal } = request;
    const sent = begin(request, framing, { agent: false });
    // Not as an option of `http.request`: a tunnel may outlive the request.
    const abort = (): void => void sent.destroy(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    sent.once("close", () => signal.removeEventListener("abort", abort));
    sent.on("error", reject);
    sent.on("response", (message) => resolve(responseOf(message)));
    sent.on("upgrade", (message, socket, head) => {
      signal.removeEventListener("abort", abort);
      resolve({ status: 101, fields: fieldsOf(message.rawHeaders), ...streamsOf(socket, head) });
    });
    if (content.byteLength > 0) sent.end(content);
    else sent.end();
  });
}

/** Begins a request with the fields of `request` and `more`, and no others. */
function begin(
  { url, method, host, fields, connection = {}, onConnected, onInformational }: OutgoingRequest,
  more: readonly string[],
  options: import("node:https").RequestOptions,
): ClientRequest {
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
  sent.on("information", ({ statusCode, rawHeaders }) => {
    onInformational?.(statusCode, fieldsOf(rawHeaders));
  });
  return sent;
}

/** Without default fields, Node frames content only if a field says how. */
function framing({ fields, body, method }: OutgoingRequest): string[] {
  const sized = fields.some(([name]) => name === "content-length");
  if (body && !sized) return ["transfer-encoding", "chunked"];
  if (!body && !sized && /^(?:POST|PUT|PATCH)$/.test(method)) return ["content-length", "0"];
  return [];
}

function upgradeFraming({ fields, method }: OutgoingRequest, length: number): string[] {
  const stated = fields.find(([name]) => name === "content-length")?.[1];
  if (stated === undefined) {
    return length === 0 && method === "GET" ? [] : ["content-length", String(length)];
  }
  if (Number(stated) !== length) throw new Error(WRONG_LENGTH);
  return [];
}

const WRONG_LENGTH = "the content does not have the length of its Content-Length";

/** The content of a request to upgrade. */
async function collect(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const content = new Uint8Array(MOST_CONTENT);
  let count = 0;
  // To leave the loop cancels the body.
  for await (const chunk of body) {
    if (count + chunk.byteLength > MOST_CONTENT) {
      throw new Error(`the content of a request to upgrade is longer than ${MOST_CONTENT} bytes`);
    }
    content.set(chunk, count);
    count += chunk.byteLength;
  }
  return content.subarray(0, count);
}

/** Writes the content. As in undici, it is an error if it does not have the stated length. */
export async function writeContent(
  sent: import("node:stream").Writable,
  { body, fields }: OutgoingRequest,
): Promise<void> {
  if (!body) return void sent.end();
  const length = fields.find(([name]) => name === "content-length");
  let left = length ? Number(length[1]) : Infinity;
  const reader = body.getReader();
  // An upstream may respond early and close; it needs no more content then.
  sent.once("close", () => void reader.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done || sent.destroyed) break;
    left -= value.byteLength;
    if (left < 0) throw new Error(WRONG_LENGTH);
    if (!sent.write(value)) await drained(sent);
  }
  if (sent.destroyed) return;
  if (left > 0 && left !== Infinity) throw new Error(WRONG_LENGTH);
  sent.end();
}

function responseOf(message: IncomingMessage): IncomingResponse {
  const trailers = new Promise<readonly Field[]>((resolve) => {
    message.once("end", () => resolve(fieldsOf(message.rawTrailers)));
  });
  return {
    status: message.statusCode ?? 0,
    reason: message.statusMessage ?? "",
    fields: fieldsOf(message.rawHeaders),
    body: bodyOf(message),
    trailers,
  };
}

/** The field lines of Node's flat list. */
export function fieldsOf(raw: readonly string[]): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) fields.push([raw[i] ?? "", raw[i + 1] ?? ""]);
  return fields;
}

function bodyOf(message: IncomingMessage): ReadableStream<Uint8Array> {
  // Not paused at first: a response without content would not end, nor free its connection.
  return new ReadableStream({
    start(controller) {
      message.on("data", (chunk: Uint8Array) => {
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) message.pause();
      });
      message.on("end", () => controller.close());
      // An end without the last chunk is an error here, not an end.
      message.on("error", (error) => controller.error(error));
    },
    pull: () => void message.resume(),
    cancel() {
      message.removeAllListeners("data").removeAllListeners("end").destroy();
    },
  }, { highWaterMark: HIGH_WATER_MARK, size: (chunk) => chunk.byteLength });
}
