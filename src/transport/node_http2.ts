/**
 * Requests over Node's own `http2`. Undici loses the end of responses with trailer fields on slow
 * clients, and takes a response that was reset with NO_ERROR or CANCEL for a whole one.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import type { Connection, IncomingResponse, OutgoingRequest, Transport } from "./transport.ts";
import { requestTarget } from "./spelling.ts";
import { Sessions, type SharedSession } from "./http2_sessions.ts";
import { pairs, writeContent } from "./node_http.ts";
import { Receiver } from "./pushed_response.ts";

type Stream = import("node:http2").ClientHttp2Stream;
type Headers = import("node:http2").IncomingHttpHeaders;

/** RFC 9113 §6.2. */
const END_STREAM = 1;
/** RFC 9113 §7. */
const [REFUSED_STREAM, CANCEL] = [7, 8];

/**
 * Sends with HTTP/2 to targets that ask for it, where the upstream agrees.
 *
 * @param sendPlain How all others are sent.
 */
export function http2Send(sendPlain: Transport["send"]): Transport["send"] {
  const targets = new WeakMap<Connection, Sessions>();
  const sessionsOf = (connection: Connection): Sessions => {
    const sessions = targets.get(connection) ?? new Sessions(connection);
    targets.set(connection, sessions);
    return sessions;
  };
  const send = async (
    request: OutgoingRequest,
    connection: Connection,
    again: boolean,
  ): Promise<IncomingResponse> => {
    const shared = await sessionsOf(connection).for(request);
    if (!shared) return await sendPlain(request);
    try {
      return await exchange(shared, request);
    } catch (error) {
      if (again && error instanceof Refused) return await send(request, connection, false);
      throw error;
    }
  };
  return (request) => {
    const { connection } = request;
    return connection?.http2 ? send(request, connection, true) : sendPlain(request);
  };
}

/** The upstream has not acted on a request, and it can be sent again (RFC 9113 §8.7). */
class Refused extends Error {}

function exchange(shared: SharedSession, request: OutgoingRequest): Promise<IncomingResponse> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver(request, resolve, reject);
    let stream: Stream | undefined;
    let broken: Error | undefined;
    receiver.connected({
      abort(reason) {
        broken = reason;
        if (stream) reset(stream);
        // An upstream that has vanished would be sent the next requests, too.
        shared.check();
      },
      pause: () => void stream?.pause(),
      resume: () => void stream?.resume(),
    });
    if (broken) return receiver.failed(broken);
    const begun = begin(shared, request);
    stream = begun;
    shared.take();
    begun.once("close", () => shared.release());
    listen(begun, receiver, (error) => {
      const unread = request.body === null && begun.rstCode === REFUSED_STREAM;
      return broken ?? (unread ? new Refused(error.message) : error);
    });
    writeContent(begun, request).catch((error: Error) => {
      broken ??= error;
      reset(begun);
    });
  });
}

/** Sends the fields. */
function begin({ session }: SharedSession, request: OutgoingRequest): Stream {
  const { url, method, host, fields, body, takesTrailers } = request;
  const headers: Record<string, string> = {
    ":method": method,
    ":scheme": url.protocol.slice(0, -1),
    ":authority": host,
    ":path": requestTarget(url),
  };
  // RFC 9110 §5.3: Node refuses two lines of some.
  for (const [name, value] of fields) {
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  if (takesTrailers) headers["te"] = "trailers";
  return session.request(headers, { endStream: body === null });
}

/**
 * Tells the receiver what comes.
 *
 * @param why Says what to tell of an error.
 */
function listen(stream: Stream, receiver: Receiver, why: (error: Error) => Error): void {
  let whole = false;
  let trailers: readonly Field[] = [];
  // To Node, a reset with NO_ERROR is the end of the content, too; but only END_STREAM comes before
  // the stream is closed.
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null && !stream.closed) whole = true;
    return push(chunk, encoding);
  };
  const respond = (headers: Headers, flags: number, raw: readonly string[] = []): void => {
    const alone = (flags & END_STREAM) !== 0;
    receiver.responded(Number(headers[":status"]), "", fieldsOf(raw), alone);
  };
  stream.on("headers", respond);
  stream.once("response", (...head) => {
    respond(...head);
    stream.on("data", (chunk: Uint8Array<ArrayBuffer>) => receiver.received(chunk));
  });
  stream.once("trailers", (_headers, _flags, raw: readonly string[] = []) => {
    trailers = fieldsOf(raw);
  });
  stream.once("end", () => {
    if (whole) receiver.ended(trailers);
  });
  stream.on("error", (error) => receiver.failed(why(error)));
  stream.once("close", () => {
    if (whole && stream.readableEnded) return;
    receiver.failed(why(resetWith(stream.rstCode)));
  });
}

/** Resets a stream. Node would end the content first, so that an upload that was cut looks whole. */
function reset(stream: Stream): void {
  if (!stream.writableEnded) stream.end = () => stream;
  stream.close(CANCEL);
}

function resetWith(code = 0): Error {
  const error = new Error(`the upstream reset the stream with the code ${code}`);
  return Object.assign(error, { type: "connection_terminated" });
}

/** The fields but those of HTTP/2 itself. */
function fieldsOf(raw: readonly string[]): readonly Field[] {
  return pairs(raw).filter(([name]) => !name.startsWith(":"));
}
