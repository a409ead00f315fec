/**
 * Requests with `node:http2`, over sessions that are kept for the next request. Not with undici,
 * which loses the end of responses with trailers on slow clients, and takes a response that was reset
 * with NO_ERROR or CANCEL for a complete one.
 *
 * @module
 */
import type { Field } from "../http/fields.ts";
import { builtin } from "../runtime.ts";
import { connector } from "./node_connect.ts";
import { fieldsOf, writeContent } from "./node_http.ts";
import { Receiver } from "./pushed_response.ts";
import {
  type Connection,
  type IncomingResponse,
  type OutgoingRequest,
  perConnection,
  requestTarget,
  type Transport,
} from "./transport.ts";

type Session = import("node:http2").ClientHttp2Session;
type Stream = import("node:http2").ClientHttp2Stream;
type Socket = import("node:net").Socket & { readonly alpnProtocol?: string | false | null };

/** The most requests that share a session; an upstream can ask for fewer. */
const MOST_STREAMS = 100;
/** How long a session without requests is kept, in milliseconds. */
const KEPT = 60_000;
/** How long an upstream may take to answer a PING, in milliseconds. */
const PING = 10_000;
/** How long an upstream without HTTP/2 is remembered, in milliseconds. */
const REMEMBERED = 300_000;
/** How many bytes an upstream may send ahead on a session and on a stream. */
const [SESSION_WINDOW, WINDOW] = [1024 * 1024, 128 * 1024];
/** RFC 9113 §6.2. */
const END_STREAM = 1;
/** RFC 9113 §7. */
const [REFUSED_STREAM, CANCEL] = [7, 8];

/**
 * Sends over HTTP/2 to targets that ask for it, where the upstream agrees.
 *
 * @param sendPlain Sends all other requests.
 */
export function http2Send(sendPlain: Transport["send"]): Transport["send"] {
  const sessionsOf = perConnection((connection) => new Sessions(connection));
  const send = async (request: OutgoingRequest, mayRepeat: boolean): Promise<IncomingResponse> => {
    const shared = await sessionsOf(request.connection).for(request);
    if (!shared) return await sendPlain(request);
    try {
      return await exchange(shared, request);
    } catch (error) {
      if (mayRepeat && error instanceof Refused) return await send(request, false);
      throw error;
    }
  };
  return (request) => request.connection?.http2 ? send(request, true) : sendPlain(request);
}

/** The upstream has not acted on a request, which can be repeated (RFC 9113 §8.7). */
class Refused extends Error {}

/** A session with the number of its requests. */
class SharedSession {
  readonly session: Session;
  #open = 0;
  #pinging = false;

  constructor(session: Session) {
    this.session = session;
    session.setTimeout(KEPT, () => {
      if (this.#open === 0) session.close();
    });
    session.unref();
  }

  /** Whether it takes another request. */
  get isFree(): boolean {
    const { closed, destroyed, remoteSettings } = this.session;
    if (closed || destroyed) return false;
    // At least one: otherwise each request would open a session.
    const most = Math.max(remoteSettings.maxConcurrentStreams ?? MOST_STREAMS, 1);
    return this.#open < Math.min(most, MOST_STREAMS);
  }

  /** Adds a request. A session without requests does not keep the process alive. */
  take(): void {
    if (this.#open++ === 0) this.session.ref();
  }

  /** Removes a request. */
  release(): void {
    if (--this.#open === 0) this.session.unref();
  }

  /** Sends a PING, and destroys the session if the upstream does not answer. */
  check(): void {
    if (this.#pinging || this.session.destroyed) return;
    this.#pinging = true;
    const lost = new Error("the upstream did not answer PING");
    const timer = setTimeout(() => this.session.destroy(lost), PING);
    timer.unref();
    this.session.ping(() => {
      this.#pinging = false;
      clearTimeout(timer);
    });
  }
}

interface Origin {
  sessions: SharedSession[];
  /** The session that is being made. */
  next: Promise<void> | undefined;
  /** Until when the upstream is known to have no HTTP/2, by `performance.now`. */
  plainUntil: number;
}

/** The sessions of one target, which may have several origins. */
class Sessions {
  readonly #connection: Connection;
  readonly #origins = new Map<string, Origin>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** A session for a request, or `undefined` where the upstream has no HTTP/2. */
  async for({ url }: OutgoingRequest): Promise<SharedSession | undefined> {
    // An upstream can agree to HTTP/2 only in TLS.
    const prior = this.#connection.http2 === "prior knowledge";
    if (url.protocol === "http:" && !prior) return undefined;
    const { origin } = url;
    const known = this.#origins.get(origin) ?? { sessions: [], next: undefined, plainUntil: 0 };
    this.#origins.set(origin, known);
    for (;;) {
      if (known.plainUntil > performance.now()) return undefined;
      const free = known.sessions.find((session) => session.isFree);
      if (free) return free;
      known.next ??= this.#connect(url, known).finally(() => (known.next = undefined));
      await known.next;
    }
  }

  async #connect(url: URL, known: Origin): Promise<void> {
    const session = await connect(url, this.#connection);
    if (!session) {
      known.plainUntil = performance.now() + REMEMBERED;
      return;
    }
    const shared = new SharedSession(session);
    known.sessions.push(shared);
    session.once("close", () => {
      known.sessions = known.sessions.filter((other) => other !== shared);
    });
  }
}

/** Makes a session, unless the upstream does not agree to HTTP/2. */
function connect(url: URL, connection: Connection): Promise<Session | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port, protocol } = url;
    connector(connection)({ hostname, port, protocol }, (error, socket: Socket | null) => {
      if (!socket) return reject(error ?? new Error("no connection"));
      if (socket.alpnProtocol !== "h2") {
        socket.destroy();
        return resolve(undefined);
      }
      const session = builtin("node:http2").connect(url.origin, {
        createConnection: () => socket,
        maxHeaderListPairs: 1000,
        settings: {
          enablePush: false,
          initialWindowSize: WINDOW,
          maxHeaderListSize: 64 * 1024,
        },
      });
      session.on("error", () => {}); // its streams report it
      session.once("connect", () => {
        session.setLocalWindowSize(SESSION_WINDOW);
        resolve(session);
      });
      session.once("close", () => reject(new Error("the upstream closed the connection")));
    });
  });
}

function exchange(shared: SharedSession, request: OutgoingRequest): Promise<IncomingResponse> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver(request, resolve, reject);
    let stream: Stream | undefined;
    let broken: Error | undefined;
    receiver.connected({
      abort(reason) {
        broken = reason;
        if (stream) reset(stream);
        // If the upstream has vanished, the session must not get the next requests.
        shared.check();
      },
      pause: () => void stream?.pause(),
      resume: () => void stream?.resume(),
    });
    if (broken) return receiver.failed(broken);
    const begun = stream = begin(shared, request);
    shared.take();
    begun.once("close", () => shared.release());
    listen(begun, receiver, (error) => {
      const isRefused = request.body === null && begun.rstCode === REFUSED_STREAM;
      return broken ?? (isRefused ? new Refused(error.message) : error);
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
  // RFC 9110 §5.3: Node rejects two lines of some fields.
  for (const [name, value] of fields) {
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  if (takesTrailers) headers["te"] = "trailers";
  return session.request(headers, { endStream: body === null });
}

/** Passes the events of a stream to the receiver; `explain` makes the error that it gets. */
function listen(stream: Stream, receiver: Receiver, explain: (error: Error) => Error): void {
  let whole = false;
  let trailers: readonly Field[] = [];
  // Node ends the content after a reset with NO_ERROR, too, but only END_STREAM comes before the
  // stream is closed.
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null && !stream.closed) whole = true;
    return push(chunk, encoding);
  };
  const respond = (
    headers: import("node:http2").IncomingHttpHeaders,
    flags: number,
    raw: readonly string[] = [],
  ): void => {
    const isLast = (flags & END_STREAM) !== 0;
    receiver.responded(Number(headers[":status"]), "", regularFields(raw), isLast);
  };
  stream.on("headers", respond);
  stream.once("response", (...head) => {
    respond(...head);
    stream.on("data", (chunk: Uint8Array<ArrayBuffer>) => receiver.received(chunk));
  });
  stream.once("trailers", (_headers, _flags, raw: readonly string[] = []) => {
    trailers = regularFields(raw);
  });
  stream.once("end", () => {
    if (whole) receiver.ended(trailers);
  });
  stream.on("error", (error) => receiver.failed(explain(error)));
  stream.once("close", () => {
    if (whole && stream.readableEnded) return;
    const code = stream.rstCode ?? 0;
    const error = new Error(`the upstream reset the stream with the code ${code}`);
    receiver.failed(explain(Object.assign(error, { type: "connection_terminated" })));
  });
}

/** Resets a stream. Node would end the content first, so that a cut upload looks complete. */
function reset(stream: Stream): void {
  if (!stream.writableEnded) stream.end = () => stream;
  stream.close(CANCEL);
}

/** The fields without pseudo-header fields. */
function regularFields(raw: readonly string[]): readonly Field[] {
  return fieldsOf(raw).filter(([name]) => !name.startsWith(":"));
}
