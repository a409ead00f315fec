/**
 * Sessions of HTTP/2 with upstreams, kept for the next request.
 *
 * @module
 */
import type { Connection, OutgoingRequest } from "./transport.ts";
import { builtin } from "../runtime.ts";
import { connector } from "./node_connect.ts";

type Session = import("node:http2").ClientHttp2Session;
type Socket = import("node:net").Socket & { readonly alpnProtocol?: string | false | null };

/** How many requests share a session at most; an upstream can ask for fewer. */
const MOST_STREAMS = 100;
/** How long a session is kept that nobody uses, in milliseconds. */
const KEPT = 60_000;
/** How long an upstream may take to answer a PING, in milliseconds. */
const PING = 10_000;
/** How long an upstream is known to speak HTTP/1.1 alone, in milliseconds. */
const KNOWN = 300_000;
/** Bytes that an upstream may send ahead, on a session and for one response. */
const [SESSION_WINDOW, WINDOW] = [1024 * 1024, 128 * 1024];

/** A session, and how many requests it has. */
export class SharedSession {
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
    // At least one: else each request would have another session.
    const most = Math.max(remoteSettings.maxConcurrentStreams ?? MOST_STREAMS, 1);
    return this.#open < Math.min(most, MOST_STREAMS);
  }

  /** A request has begun. A session without any does not keep the process from ending. */
  take(): void {
    if (this.#open++ === 0) this.session.ref();
  }

  /** A request is over. */
  release(): void {
    if (--this.#open === 0) this.session.unref();
  }

  /** Ends the session unless the upstream shows that it is there: nobody could use it any more. */
  check(): void {
    if (this.#pinging || this.session.destroyed) return;
    this.#pinging = true;
    const timer = setTimeout(
      () => this.session.destroy(new Error("the upstream did not answer PING")),
      PING,
    );
    timer.unref();
    this.session.ping(() => {
      this.#pinging = false;
      clearTimeout(timer);
    });
  }
}

/** What is known of an origin. */
interface Known {
  sessions: SharedSession[];
  /** The one that is being made. */
  next: Promise<SharedSession | undefined> | undefined;
  /** Until when it is known to speak HTTP/1.1 alone, by `performance.now`. */
  plainUntil: number;
}

/** Keeps the sessions of one target, which may have several origins. */
export class Sessions {
  readonly #connection: Connection;
  readonly #origins = new Map<string, Known>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** A session for a request, or `undefined` where the upstream speaks HTTP/1.1 alone. */
  async for({ url }: OutgoingRequest): Promise<SharedSession | undefined> {
    // Only in TLS can an upstream say what it speaks.
    const prior = this.#connection.http2 === "prior knowledge";
    if (url.protocol === "http:" && !prior) return undefined;
    const { origin } = url;
    const known = this.#origins.get(origin) ??
      { sessions: [], next: undefined, plainUntil: 0 };
    this.#origins.set(origin, known);
    for (;;) {
      if (known.plainUntil > performance.now()) return undefined;
      const free = known.sessions.find((session) => session.isFree);
      if (free) return free;
      known.next ??= this.#connect(url, known).finally(() => (known.next = undefined));
      await known.next;
    }
  }

  async #connect(url: URL, known: Known): Promise<SharedSession | undefined> {
    const session = await connect(url, this.#connection);
    if (!session) {
      known.plainUntil = performance.now() + KNOWN;
      return undefined;
    }
    const shared = new SharedSession(session);
    known.sessions.push(shared);
    session.once("close", () => {
      known.sessions = known.sessions.filter((other) => other !== shared);
    });
    return shared;
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
      session.on("error", () => {}); // its streams tell
      session.once("connect", () => {
        session.setLocalWindowSize(SESSION_WINDOW);
        resolve(session);
      });
      session.once("close", () => reject(new Error("the upstream closed the connection")));
    });
  });
}
