/** Load over raw sockets: each connection asks again as soon as it has been answered. */
import { connect } from "node:net";

export interface Load {
  readonly requests: number;
  readonly seconds: number;
  /** The status of the last answer. */
  readonly status: number;
}

const HEAD_END = Buffer.from("\r\n\r\n");

/** Sends the same request over several connections for some time, and counts the answers. */
export async function load(
  port: number,
  request: string,
  connections: number,
  milliseconds: number,
): Promise<Load> {
  const bytes = Buffer.from(request);
  const start = performance.now();
  const end = start + milliseconds;
  let [requests, status] = [0, 0];
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
      let head: Buffer = Buffer.alloc(0);
      let left = -1; // bytes of content to come; -1 while the head is read
      socket.on("error", reject);
      socket.on("data", (chunk: Buffer) => {
        let rest = chunk;
        if (left < 0) {
          head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
          const at = head.indexOf(HEAD_END);
          if (at < 0) return;
          const text = head.toString("latin1", 0, at);
          status = Number(text.slice(9, 12));
          left = status === 304 ? 0 : Number(/content-length: (\d+)/i.exec(text)?.[1] ?? NaN);
          if (Number.isNaN(left)) return void socket.destroy(new Error(`no length in ${text}`));
          rest = head.subarray(at + 4);
        }
        left -= rest.length;
        if (left > 0) return undefined;
        requests++;
        [head, left] = [Buffer.alloc(0), -1];
        if (performance.now() < end) return void socket.write(bytes);
        socket.destroy();
        return resolve();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  return { requests, seconds: (performance.now() - start) / 1000, status };
}
