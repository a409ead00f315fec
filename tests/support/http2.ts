/** A server for HTTP/2 with its certificate, and a client that writes frames. */
import type { Handler } from "handwerk";
import { type RunningServer, serve } from "handwerk/node";
import { type ServerTimeouts } from "../../src/node.ts";
import { certificates } from "./certificates.ts";
import {
  END_HEADERS,
  END_STREAM,
  type Frame,
  frame,
  HEADERS,
  type RawClient,
  rawClient,
  requestFields,
} from "./raw_http2.ts";

const { ca, sign } = certificates();
/** The certificate of `localhost`, and the authority that signed it. */
export const tls = sign("localhost");
export { ca };

/** Serves a handler to one client, and stops when `use` is done. */
export async function servingHttp2(
  fetch: Handler,
  timeouts: ServerTimeouts,
  use: (client: RawClient, server: RunningServer) => Promise<void>,
  settings = Buffer.alloc(0),
): Promise<void> {
  const options = { port: 0, hostname: "127.0.0.1", tls, http2: true, onError() {} };
  const server = await serve({ ...options, fetch, timeouts });
  const client = await rawClient(server.port, settings);
  try {
    await use(client, server);
  } finally {
    client.socket.destroy();
    await server.close(true);
  }
}

/** The HEADERS frame of a request. */
export function request(method: string, stream = 1, path = "/", end = method !== "POST"): Buffer {
  const flags = END_HEADERS | (end ? END_STREAM : 0);
  return frame(HEADERS, flags, stream, requestFields(method, path));
}

/** Whether a frame has a type. */
export const ofType = (type: number) => (got: Frame): boolean => got.type === type;
/** Whether a frame ends its stream. */
export const isEnd = ({ type, flags }: Frame): boolean =>
  (type === 0 || type === HEADERS) && (flags & END_STREAM) !== 0;
