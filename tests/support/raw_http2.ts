/** Both ends of HTTP/2 written frame by frame, to see and to send what no library would. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";

/** The types of frames (RFC 9113 §6). */
export const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE] = [
  0,
  1,
  3,
  4,
  6,
  7,
  8,
] as const;
export const [END_STREAM, END_HEADERS, ACK] = [1, 4, 1] as const;
/** The field block of `:status: 200` (RFC 7541, appendix A). */
export const OK = Buffer.from([0x88]);

/** One field, not compressed (RFC 7541 §6.2.2). */
export function literal(name: string, value: string): Buffer {
  const [first, second] = [Buffer.from(name, "latin1"), Buffer.from(value, "latin1")];
  if (first.length > 126 || second.length > 126) throw new Error("too long for one byte");
  return Buffer.concat([
    Buffer.from([0, first.length]),
    first,
    Buffer.from([second.length]),
    second,
  ]);
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A frame that was received. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export interface RawHttp2 {
  readonly url: string;
  /** Every frame, in order, of all connections. */
  readonly frames: readonly Frame[];
  readonly connections: readonly Socket[];
  /** Is told of every frame; SETTINGS are acknowledged before. */
  onFrame: (frame: Frame, connection: Socket) => void;
  close(): void;
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Reads frames, after `skip` bytes. */
function listen(
  socket: Socket,
  skip: number,
  frames: Frame[],
  onFrame: (frame: Frame) => void,
): void {
  let waiting = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    if (waiting.length < skip) return;
    waiting = waiting.subarray(skip);
    skip = 0;
    while (waiting.length >= 9 && waiting.length >= 9 + waiting.readUIntBE(0, 3)) {
      const end = 9 + waiting.readUIntBE(0, 3);
      const [type = 0, flags = 0] = waiting.subarray(3, 5);
      const payload = Buffer.from(waiting.subarray(9, end));
      const got = { type, flags, stream: waiting.readUInt32BE(5), payload };
      waiting = waiting.subarray(end);
      frames.push(got);
      if (type === SETTINGS && !(flags & ACK)) socket.write(frame(SETTINGS, ACK, 0));
      onFrame(got);
    }
  });
}

/** The field block of a request. */
export function requestFields(
  method: string,
  path: string,
  ...more: readonly (readonly [string, string])[]
): Buffer {
  const fields = [[":method", method], [":scheme", "https"], [":path", path], [
    ":authority",
    "localhost",
  ], ...more] as const;
  return Buffer.concat(fields.map(([name, value]) => literal(name, value)));
}

/** A client of a server with TLS. */
export interface RawClient {
  readonly socket: Socket;
  readonly frames: readonly Frame[];
  send(...frames: readonly Uint8Array[]): void;
  /** Resolves with the first frame that fits, one that has come already, too. */
  until(fits: (frame: Frame) => boolean): Promise<Frame>;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
}

export async function rawClient(port: number, settings = Buffer.alloc(0)): Promise<RawClient> {
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  const socket = connectTls({
    port,
    host: "127.0.0.1",
    ALPNProtocols: ["h2"],
    rejectUnauthorized: false,
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => socket.once("secureConnect", () => resolve()));
  listen(socket, 0, frames, () => {
    for (const look of waiting) look();
  });
  socket.write(PREFACE);
  socket.write(frame(SETTINGS, 0, 0, settings));
  return {
    socket,
    frames,
    closed,
    send: (...given) => void socket.write(Buffer.concat(given)),
    until: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = frames.find(fits);
          if (found) resolve(found);
        };
        waiting.add(look);
        look();
        void closed.then(() => reject(new Error("the connection was closed")));
      }),
  };
}

/** Listens, with HTTP/2 at once or after TLS. */
export async function rawHttp2(
  tls?: { readonly cert: string; readonly key: string },
): Promise<RawHttp2> {
  const frames: Frame[] = [];
  const connections: Socket[] = [];
  const upstream: RawHttp2 & { url: string } = {
    url: "",
    frames,
    connections,
    onFrame() {},
    close() {
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
  const accept = (socket: Socket): void => {
    connections.push(socket);
    socket.on("error", () => {});
    socket.write(frame(SETTINGS, 0, 0));
    listen(socket, PREFACE.length, frames, (got) => upstream.onFrame(got, socket));
  };
  const server = tls
    ? createTlsServer({ ...tls, ALPNProtocols: ["h2"] }, accept).on("tlsClientError", () => {})
    : createServer(accept);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  upstream.url = tls ? `https://localhost:${port}/` : `http://127.0.0.1:${port}/`;
  return upstream;
}
