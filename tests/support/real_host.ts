/** The host of the runtime: what it makes of requests no unit test sees. */
import { connect } from "node:net";
import type { Handler } from "handwerk";

export interface RealHost {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a handler as this runtime does. */
export async function serving(app: Handler): Promise<RealHost> {
  const runtime = globalThis as unknown as {
    Deno?: {
      serve(
        options: object,
        handler: Handler,
      ): { addr: { port: number }; shutdown(): Promise<void> };
    };
    Bun?: { serve(options: object): { port: number; stop(force: boolean): Promise<void> } };
  };
  if (runtime.Deno) {
    const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
    const server = runtime.Deno.serve(options, app);
    return { port: server.addr.port, close: () => server.shutdown() };
  }
  if (runtime.Bun) {
    const server = runtime.Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: app });
    return { port: server.port, close: () => server.stop(true) };
  }
  // Not above: it would bring Node's transport along to the other runtimes.
  const { serve } = await import("../../src/node.ts");
  const server = await serve({
    fetch: app,
    port: 0,
    hostname: "127.0.0.1",
    onError: () => {},
  });
  return { port: server.port, close: () => server.close(true) };
}

/** Bytes to be written one after another, so many milliseconds apart. */
export interface Paced {
  readonly pace: number;
  readonly parts: readonly string[];
}

/** Writes bytes to a port, and reads until the other side closes, or until it matches. */
export function exchange(
  port: number,
  given: readonly (string | RegExp | Paced)[],
): Promise<string> {
  const parts = given.flatMap((part): (string | RegExp | number)[] =>
    typeof part === "string" || part instanceof RegExp
      ? [part]
      : part.parts.flatMap((one) => [part.pace, one])
  );
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const left = [...parts];
    let text = "";
    const go = (): void => {
      for (;;) {
        const [part] = left;
        if (typeof part === "number") {
          left.shift();
          return void setTimeout(go, part);
        }
        if (typeof part === "string") socket.write(part);
        else if (part && !part.test(text)) return;
        left.shift();
        if (part) continue;
        socket.destroy();
        return resolve(text);
      }
    };
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      go();
    });
    socket.on("error", () => {}); // a reset is one way to close
    socket.on("close", () => resolve(text));
    socket.on("connect", go);
  });
}
