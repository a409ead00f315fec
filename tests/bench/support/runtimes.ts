/** The servers that Deno and Bun come with; the types of all three runtimes do not go together. */
import type { Listening } from "./contender.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

interface Deno {
  serve(options: object, handler: Fetch): { addr: { port: number } };
  version: { deno: string };
}
interface Bun {
  serve(options: object): { port: number };
  file(path: string): Blob & { exists(): Promise<boolean> };
  version: string;
}
const { Deno, Bun } = globalThis as unknown as { Deno: Deno; Bun: Bun };

export const denoServe = (handler: Fetch): Promise<Listening> => {
  const { addr } = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  return Promise.resolve({ port: addr.port });
};
export const bunServe = (options: object): Promise<Listening> =>
  Promise.resolve({ port: Bun.serve({ port: 0, hostname: "127.0.0.1", ...options }).port });
export const bunFile = (path: string): ReturnType<Bun["file"]> => Bun.file(path);
export const denoVersion = (): string => Deno?.version.deno ?? "";
export const bunVersion = (): string => Bun?.version ?? "";
