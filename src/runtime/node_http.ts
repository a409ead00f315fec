/**
 * Requests over Node's own `http` and `https`, for when undici is not installed.
 *
 * @module
 */
import type { Field } from "../http/connection.ts";
import type { IncomingResponse, OutgoingRequest } from "../proxy/transport.ts";

type Http = typeof import("node:http");
type Https = typeof import("node:https");
type Message = import("node:http").IncomingMessage;
type Sink = import("node:http").ClientRequest;

/** How much of a response waits in memory for a slow client. */
const HIGH_WATER_MARK = 64 * 1024;

/** Sends with `http.request`, over agents that keep connections for the next request. */
export function httpSend(
  http: Http,
  https: Https,
): (request: OutgoingRequest) => Promise<IncomingResponse> {
  const agents = {
    "http:": new http.Agent({ keepAlive: true }),
    "https:": new https.Agent({ keepAlive: true }),
  };
  return (request) =>
    new Promise((resolve, reject) => {
      const { url, signal } = request;
      const secure = url.protocol === "https:";
      const sent = (secure ? https : http).request({
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port || (secure ? 443 : 80),
        path: url.pathname + url.search,
        method: request.method,
        headers: flatFields(request),
        setDefaultHeaders: false,
        maxHeaderSize: 64 * 1024,
        agent: agents[secure ? "https:" : "http:"],
        // Else the Host field, which may be the client's, would choose the certificate.
        ...(secure ? { servername: url.hostname } : {}),
        signal,
      });
      sent.on("error", reject);
      sent.on("response", (message) => resolve(received(message)));
      sent.on("upgrade", (_message, socket) => {
        socket.destroy();
        reject(new Error("the upstream upgraded the connection unasked"));
      });
      send(sent, request.body).catch((error: Error) => {
        sent.destroy(error); // without the end of the content, the upstream sees that it was cut
        reject(error);
      });
    });
}

function flatFields({ host, fields, body, method }: OutgoingRequest): string[] {
  const flat = ["host", host, ...fields.flat()];
  // Without defaults, Node frames content only when a field says how.
  const sized = fields.some(([name]) => name === "content-length");
  if (body && !sized) flat.push("transfer-encoding", "chunked");
  if (!body && !sized && /^(?:POST|PUT|PATCH)$/.test(method)) flat.push("content-length", "0");
  return flat;
}

/** Writes the content; too much or too little of it is an error, as it is in undici. */
async function send(sent: Sink, body: ReadableStream<Uint8Array> | null): Promise<void> {
  const declared = sent.getHeader("content-length");
  let left = declared === undefined ? Infinity : Number(declared);
  for await (const chunk of body ?? []) {
    left -= chunk.byteLength;
    if (left < 0) throw new Error("the content is longer than its Content-Length");
    if (!sent.write(chunk)) {
      await new Promise<void>((resolve) => sent.once("drain", resolve).once("close", resolve));
    }
    if (sent.destroyed) return;
  }
  if (body && left > 0 && left !== Infinity) {
    throw new Error("the content is shorter than its Content-Length");
  }
  sent.end();
}

function received(message: Message): IncomingResponse {
  const { rawHeaders } = message;
  const fields: Field[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    fields.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  }
  return {
    status: message.statusCode ?? 0,
    reason: message.statusMessage ?? "",
    fields,
    body: stream(message),
  };
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
