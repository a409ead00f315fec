/**
 * A `Response` written to what `node:http` answers with.
 *
 * @module
 */
import type { ServerResponse } from "node:http";

/** Statuses that never have content, nor a Content-Length of ours (RFC 9110 §8.6). */
const WITHOUT_CONTENT = new Set([204, 205, 304]);

/**
 * Writes a response, as fast as the client takes it. Rejects when its content fails; the connection
 * is then destroyed, so that what was sent does not look complete.
 *
 * @param method The method of the request.
 */
export async function writeResponse(
  sink: ServerResponse,
  method: string,
  response: Response,
): Promise<void> {
  const { status, statusText, body } = response;
  const empty = body === null || method === "HEAD" || WITHOUT_CONTENT.has(status);
  const length = response.headers.get("content-length");
  // Node frames the content itself.
  const fields = [...response.headers].filter(([name]) => name !== "transfer-encoding").flat();
  if (body === null && length === null && method !== "HEAD" && !WITHOUT_CONTENT.has(status)) {
    fields.push("content-length", "0");
  }
  if (sink.destroyed) return await body?.cancel();
  if (statusText) sink.writeHead(status, statusText, fields);
  else sink.writeHead(status, fields);
  if (empty) {
    sink.end();
    await body?.cancel();
    return;
  }
  try {
    await pour(body, sink, length === null ? undefined : Number(length));
  } catch (error) {
    sink.destroy();
    throw error;
  }
}

async function pour(
  body: ReadableStream<Uint8Array>,
  sink: ServerResponse,
  length: number | undefined,
): Promise<void> {
  const reader = body.getReader();
  // A client that leaves stops whoever makes the content.
  const leave = (): void => void reader.cancel().catch(() => {});
  sink.once("close", leave);
  let count = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || sink.destroyed) break;
    count += value.byteLength;
    // On a connection that stays, what is too much would be the beginning of the next response.
    if (length !== undefined && count > length) {
      await reader.cancel();
      throw new Error(`the content is longer than its Content-Length, ${length}`);
    }
    if (!sink.write(value)) await drained(sink);
  }
  sink.off("close", leave);
  if (sink.destroyed) return;
  if (length !== undefined && count < length) {
    throw new Error(`the content ended at ${count} of the ${length} bytes of its Content-Length`);
  }
  sink.end();
}

function drained(sink: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      sink.off("drain", go).off("close", go);
      resolve();
    };
    sink.once("drain", go).once("close", go);
  });
}
