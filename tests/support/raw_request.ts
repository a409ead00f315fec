/** Bytes to a server and back, for what no client library sends. */
import { connect } from "node:net";

export interface RawResponse {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** Everything, one character a byte. */
  readonly text: string;
}

/** Sends bytes, and reads until the server closes or says nothing for a while. */
export function rawRequest(port: number, bytes: string, patience = 2000): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from(bytes, "latin1")));
    socket.setTimeout(patience, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("error", (error) => (text === "" ? reject(error) : undefined));
    socket.on("close", () => {
      const [head = "", ...rest] = text.split("\r\n\r\n");
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
      resolve({ status, head, body: rest.join("\r\n\r\n"), text });
    });
  });
}
