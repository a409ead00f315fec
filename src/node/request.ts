/**
 * A `Request` for a message that `node:http` received.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import { readTarget } from "../http/target.ts";

/** Methods whose requests `Request` allows no content. */
const WITHOUT_CONTENT = new Set(["GET", "HEAD"]);

/**
 * Makes the request, or returns `undefined` when the message asks for nothing that can be: a target
 * that is no path, or a host that is none.
 *
 * @param signal Is aborted when the client leaves.
 */
export function toRequest(message: IncomingMessage, signal: AbortSignal): Request | undefined {
  const method = message.method ?? "GET";
  const url = urlOf(message);
  if (url === undefined) return undefined;
  try {
    const init: RequestInit & { duplex?: "half" } = { method, headers: headersOf(message), signal };
    if (!WITHOUT_CONTENT.has(method) && hasContent(message)) {
      [init.body, init.duplex] = [contentOf(message), "half"];
    }
    return new Request(url, init);
  } catch {
    return undefined; // a method or a field that fetch refuses, such as TRACE
  }
}

/** The target URI (RFC 9112 §3.3), checked before the URL parser can repair what is no path. */
function urlOf(message: IncomingMessage): string | undefined {
  const target = message.url ?? "";
  // HTTP/1.0 knows no Host.
  const host = message.headers.host ?? "localhost";
  const scheme = (message.socket as { encrypted?: boolean }).encrypted ? "https" : "http";
  const origin = `${scheme}://${host}`;
  if (target.startsWith("/")) {
    const url = origin + target;
    return readTarget(url, host) ? url : undefined;
  }
  // In absolute form, the target names the host; one that differs from Host is up to no good.
  const named = readTarget(target, host);
  return named?.origin.toLowerCase() === origin.toLowerCase() ? target : undefined;
}

/** RFC 9112 §6: content is announced by one of these. */
function hasContent({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && Number(length) > 0);
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i] ?? "", rawHeaders[i + 1] ?? "");
  }
  return headers;
}

/** The content as it comes; reading pauses when nobody takes it. */
function contentOf(message: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const take = (chunk: Uint8Array): void => {
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) message.pause();
      };
      message.on("data", take).pause();
      message.once("end", () => controller.close());
      message.once("error", (error) => controller.error(error));
      // Without the end, the client has left in the middle.
      message.once("close", () => {
        if (!message.complete) controller.error(new Error("the client closed the connection"));
      });
    },
    pull: () => void message.resume(),
    cancel: () => void message.removeAllListeners("data").removeAllListeners("end").pause(),
  }, { highWaterMark: 0 });
}
