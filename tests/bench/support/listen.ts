/** Ports for contenders that are listeners of `node:http`. */
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import type { Listening } from "./contender.ts";

/** Starts a server and tells its port. */
export function started(server: Server): Promise<Listening> {
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve({ port: (server.address() as AddressInfo).port }))
  );
}

/** Serves a listener of `node:http`. */
export const listen = (listener: RequestListener): Promise<Listening> =>
  started(createServer(listener));

/** A port that is free now, for servers that cannot choose one. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createTcpServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
