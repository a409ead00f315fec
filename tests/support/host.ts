/** The host for Node under test: one handler, one exchange. */
import type { Handler } from "handwerk";
import { serve } from "handwerk/node";
import { type ServeOptions } from "../../src/node.ts";
import { rawRequest } from "./raw_request.ts";

/** The end of a head, and of a connection. */
export const close = "Connection: close\r\n\r\n";
export const get = `GET /a/b?c HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n${close}`;
/** What the host was told to report. */
export const errors: unknown[] = [];
export const own = {
  port: 0,
  hostname: "127.0.0.1",
  onError: (error: unknown): void => void errors.push(error),
};

interface Host {
  /** Serves a handler, and stops when `use` is done. */
  serving<T>(
    this: void,
    fetch: Handler,
    use: (port: number) => Promise<T>,
    options?: Partial<ServeOptions>,
  ): Promise<T>;
  /** Sends one request to a handler. */
  answer(this: void, fetch: Handler, bytes?: string): ReturnType<typeof rawRequest>;
}

/** @param start The `serve` of the package or of the sources, which do not know each other's objects. */
export function hostOf(start: (options: ServeOptions) => ReturnType<typeof serve>): Host {
  const serving: Host["serving"] = async (fetch, use, options = {}) => {
    const server = await start({ ...own, ...options, fetch });
    try {
      return await use(server.port);
    } finally {
      await server.close(true);
    }
  };
  return {
    serving,
    answer: (fetch, bytes = get) => serving(fetch, (port) => rawRequest(port, bytes)),
  };
}
export const { answer, serving } = hostOf(serve);

/** Waits until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
