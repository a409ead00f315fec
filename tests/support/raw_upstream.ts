/** An upstream made of sockets: it sees the bytes of a request and writes those of the response. */
import { createServer, type Server, type Socket } from "node:net";

export interface Connection {
  /** Everything received so far, one character a byte. */
  received: string;
  /** Resolves when what was received matches. */
  until(pattern: RegExp): Promise<string>;
  write(bytes: string | Uint8Array): void;
  end(): void;
  /** Closes with a reset instead of an end. */
  reset(): void;
  /** Resolves when the other side has gone, or the socket is closed. */
  readonly closed: Promise<void>;
}

export interface RawUpstream {
  readonly url: string;
  readonly connections: Connection[];
  /** What to do with each connection, once it has sent a request head. */
  onRequest: (connection: Connection, head: string) => void | Promise<void>;
  close(): void;
}

export async function rawUpstream(): Promise<RawUpstream> {
  const connections: Connection[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket);
    const waiting: { pattern: RegExp; resolve: (text: string) => void }[] = [];
    const connection: Connection = {
      received: "",
      until: (pattern) =>
        new Promise((resolve) => {
          waiting.push({ pattern, resolve });
          check();
        }),
      write: (bytes) => void socket.write(typeof bytes === "string" ? bytes : Buffer.from(bytes)),
      end: () => void socket.end(),
      reset: () => void socket.resetAndDestroy(),
      closed: new Promise((resolve) => {
        socket.on("end", resolve);
        socket.on("close", () => resolve());
      }),
    };
    connections.push(connection);
    let answered = 0;
    const check = (): void => {
      for (const entry of waiting.slice()) {
        if (!entry.pattern.test(connection.received)) continue;
        waiting.splice(waiting.indexOf(entry), 1);
        entry.resolve(connection.received);
      }
    };
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      connection.received += chunk.toString("latin1");
      check();
      const heads = connection.received.match(/[A-Z]+ \S+ HTTP\/1\.1\r\n(?:[^\r\n]+\r\n)*\r\n/g) ??
        [];
      for (; answered < heads.length; answered++) {
        void upstream.onRequest(connection, heads[answered] ?? "");
      }
    });
  });
  const upstream: RawUpstream = {
    url: "",
    connections,
    onRequest: (connection) => connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return Object.assign(upstream, { url: `http://127.0.0.1:${address.port}` });
}
